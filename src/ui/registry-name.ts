/** A registry as the page knows it. */

export interface RegistryName {
  readonly name: string;
  readonly loginServer: string;
}
