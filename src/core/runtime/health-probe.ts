/** What `GET /api/health` checks. */

/** Checks that one service answers; fails with the reason when it does not. */
export interface HealthProbe {
  readonly name: string;
  check(): Promise<void>;
}
