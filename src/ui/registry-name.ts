/** A registry as `/api/registries` lists it. */

export interface RegistryName {
  readonly name: string;
  readonly loginServer: string;
}
