/**
 * What the Functions worker does with a new instance's first webhook event: loads the deployed bundle and calls its
 * function. The host and the network are the platform's, and take additional time.
 */
import { createCore } from '../src/local/host/core-api.ts';
import { createInvoker } from '../src/local/host/invocation.ts';
import { loadApp } from '../src/local/host/load-app.ts';

const [appDirectory = '', registry = '', region = '', authorization = '', body = ''] = process.argv.slice(2);

const core = createCore(() => undefined);
await loadApp(appDirectory, core);
const webhook = [...core.functions.values()].find(({ metadata }) => metadata.name === 'webhook');
if (webhook === undefined) throw new Error(`${appDirectory}: has no function "webhook"`);
const { returnValue } = await createInvoker(core, undefined).invoke(webhook, {
  data: {
    http: {
      method: 'POST',
      url: `http://127.0.0.1/api/webhooks/${registry}/${region}`,
      nullableHeaders: { authorization: { value: authorization }, 'content-type': { value: 'application/json' } },
      nullableParams: { registry: { value: registry }, region: { value: region } },
      nullableQuery: {},
      body: { bytes: Buffer.from(body) },
    },
  },
});
process.stdout.write(`${String((returnValue?.http as { statusCode?: unknown } | undefined)?.statusCode)}\n`);
// Work after the answer, above all the event to the topic, is not measured.
process.exit(0);
