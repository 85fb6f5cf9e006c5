/**
 * The URLs below `/runtime/webhooks`, one for each extension. A client without the extension's own key learns nothing
 * there, not even which extensions exist; and only the methods that the host allows arrive.
 * Source: HostController.ExtensionWebHookHandler in azure-functions-host.
 */
import type { Exchange, Mount } from './http.ts';
import { sendEmpty } from './http-response.ts';
import { findKey, type HostKeys, refuseKey } from './keys.ts';

export interface Extension {
  /** The segment of the path, and the name of the extension's key. */
  readonly name: 'eventgrid' | 'mcp';
  /** Called after the key was checked. */
  handle(exchange: Exchange): Promise<void>;
}

const PREFIX = '/runtime/webhooks';
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'];

export function createExtensionsMount(extensions: readonly Extension[], keys: HostKeys | undefined): Mount {
  return {
    prefix: PREFIX,
    async handle(exchange) {
      const { request, response, path, query } = exchange;
      const refuse = (status: number) => {
        request.resume();
        sendEmpty(response, status);
      };
      const [name = ''] = path
        .slice(PREFIX.length + 1)
        .toLowerCase()
        .split('/');
      if (name === '' || !METHODS.includes(request.method ?? '')) return refuse(404);
      const extension = extensions.find((one) => one.name === name);
      if (keys !== undefined) {
        const accepted = extension === undefined ? [keys.master] : [keys.master, keys[extension.name]];
        const refusal = refuseKey(findKey(request.headersDistinct, query), accepted, keys);
        if (refusal !== undefined) return refuse(refusal);
      }
      return extension === undefined ? refuse(404) : extension.handle(exchange);
    },
  };
}
