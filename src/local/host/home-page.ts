/**
 * The answer to `/` when no function handles it: the host's state and its routes, so that the address printed by `npm
 * start` does not lead to a 404.
 */
import type { Exchange } from './http.ts';
import { sendEmpty, sendText } from './http-response.ts';
import type { Routes } from './routes.ts';

export function serveHomePage(
  { response }: Exchange,
  routes: Routes,
  settings: Readonly<Record<string, string | undefined>>,
): void {
  if (settings.AzureWebJobsDisableHomepage?.toLowerCase() === 'true') {
    sendEmpty(response, 204);
    return;
  }
  const lines = routes.all.map(
    ({ methods, template, target }) => `${methods.join(',')} /${template}  (${target.metadata.name})`,
  );
  sendText(response, 200, `The functions app is up and running.\n\n${lines.join('\n')}\n`);
}
