/**
 * Asks one replica about one repository, with a token if it wants one. The first request goes without; a 401 is
 * answered once, and a second 401 stands. Asking on would be guessing at somebody's door.
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
  /** The largest body worth reading. */
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
