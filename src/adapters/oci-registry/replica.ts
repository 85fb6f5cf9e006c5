/**
 * Sends one replica requests about one repository, with the token kept for it, if any. A 401 is answered once with a
 * new token; a second 401 is final.
 */
import type { Repository } from '../../core/model/reference.ts';
import type { Reply, Send, Unclear } from './http.ts';
import type { TokenSource } from './token.ts';

export interface Replica {
  /** @param path below `/v2/<repository>/` */
  ask(method: 'GET' | 'HEAD', path: string, more?: ReplicaRequest): Promise<Reply | Unclear>;
}

interface ReplicaRequest {
  /** The `Accept` header. */
  readonly accept?: string;
  /** The largest body that is read. */
  readonly maxBytes?: number;
}

export function replicaAt(
  origin: string,
  repository: Repository,
  { send, tokens }: { readonly send: Send; readonly tokens: TokenSource },
): Replica {
  return {
    async ask(method, path, { accept, maxBytes } = {}) {
      const request = (token: string | undefined) =>
        send({
          url: `${origin}/v2/${repository}/${path}`,
          method,
          headers: {
            ...(accept === undefined ? {} : { accept }),
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          ...(maxBytes === undefined ? {} : { maxBytes }),
        });
      const held = tokens.held(origin, repository);
      const first = await request(held);
      if (first.kind === 'unclear' || first.status !== 401) return first;
      const fresh = await tokens.answer(origin, repository, first, held);
      return typeof fresh === 'string' ? request(fresh) : fresh;
    },
  };
}
