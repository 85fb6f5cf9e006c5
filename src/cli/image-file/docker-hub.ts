/**
 * In a file, `redis` means the image on Docker Hub, as for any client that pulls it. On a command line it means that
 * the login server was forgotten.
 * Source: distribution/reference, normalize.go.
 */
export function withRegistry(image: string): string {
  const slash = image.indexOf('/');
  const first = image.slice(0, Math.max(slash, 0));
  if (/[.:]/.test(first) || first === 'localhost') return image;
  return slash < 0 ? `docker.io/library/${image}` : `docker.io/${image}`;
}
