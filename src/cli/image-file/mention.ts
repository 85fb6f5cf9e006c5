/** An image as a file names it, before it is parsed: each format finds its images elsewhere. */
export interface Mention {
  /** As written; an unrendered template may leave something that is no text. */
  readonly image: unknown;
  /** For error messages: `line 3`, `Deployment web, spec.template.spec.containers[0]`. */
  readonly where: string;
}
