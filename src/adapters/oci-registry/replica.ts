/**
 * Asks one replica about one repository, with a token if it wants one. The first request goes without; a 401 is
 * answered once, and a second 401 stands. Asking on would be guessing at somebody's door.
 */
import type { Repository } from '../../core/reference.ts';
import type { Reply, Send, Unclear } from './http.ts';
import type { TokenSource } from './token.ts';

export interface Replica {
  /** @param path below `/v2/<repository>/` */
  ask(method: 'GET' | 'HEAD', path: string, mostBytes?: number): Promise<Reply | Unclear>;
}

/** Without the index types, the registry answers 404 for a multi-platform image that is there. */
const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

export function replicaAt(
  origin: string,
  repository: Repository,
  { send, tokens }: { readonly send: Send; readonly tokens: TokenSource },
): Replica {
  return {
    async ask(method, path, mostBytes) {
      const request = (token: string | undefined) =>
        send({
          url: `${origin}/v2/${repository}/${path}`,
          method,
          headers: {
            ...(path.startsWith('manifests/') ? { accept } : {}),
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          ...(mostBytes === undefined ? {} : { mostBytes }),
        });
      const held = tokens.held(origin, repository);
      const first = await request(held);
      if (first.kind === 'unclear' || first.status !== 401) return first;
      const fresh = await tokens.answer(origin, repository, first, held);
      return typeof fresh === 'string' ? request(fresh) : fresh;
    },
  };
}
