/** What `GET /api/health` asks. */

/** Whether a part of the world answers; fails with the reason when it does not. */
export interface HealthProbe {
  readonly name: string;
  check(): Promise<void>;
}
