/** An image as a file names it, not yet read: a list, a manifest and a compose file each find theirs elsewhere. */
export interface Mention {
  /** As it stands there; a template that was not rendered may have left no text at all. */
  readonly image: unknown;
  /** For people: `line 3`, `Deployment web, spec.template.spec.containers[0]`. */
  readonly where: string;
}
