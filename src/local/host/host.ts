/**
 * The local host: loads a Functions app into this process and serves its triggers like the host on Azure. It runs the
 * same app that is deployed, with bindings, routes and retries, without an account and without other tools.
 */
import type { AddressInfo } from 'node:net';
import { createAdminMount } from './admin.ts';
import { createCore } from './core-api.ts';
import { createEventGridExtension } from './event-grid.ts';
import { createExtensionsMount } from './extensions.ts';
import { checkBindings, isTriggeredBy, sortFunctions } from './functions.ts';
import { serveHomePage } from './home-page.ts';
import { readHostSettings } from './host-json.ts';
import { createFunctionsHandler, createHttpServer, type Exchange, findMount, type Mount } from './http.ts';
import { sendEmpty } from './http-response.ts';
import { createInvoker } from './invocation.ts';
import type { HostKeys } from './keys.ts';
import { isDoneWithin } from './limit-time.ts';
import { prepareListeners } from './listeners.ts';
import { loadApp } from './load-app.ts';
import { logSystem, type OnLog } from './log.ts';
import { createMcpExtension } from './mcp.ts';
import { createRoutes } from './routes.ts';

export interface HostOptions {
  /** The folder with `host.json`, `package.json` and the file that its `main` names. */
  readonly appDirectory: string;
  /** Default: 0, a free port. */
  readonly port?: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Requires keys as on Azure when true; otherwise everything is open. */
  readonly enableAuth?: boolean;
  readonly keys?: HostKeys;
  /** App settings that bindings refer to, such as the connection of a queue. The app itself reads the environment. */
  readonly settings?: Readonly<Record<string, string | undefined>>;
  /** More handlers on the same port. */
  readonly mounts?: readonly Mount[];
  /** Called when the address is known, before the app is loaded. */
  readonly prepare?: (url: string) => void;
  readonly onLog?: OnLog;
}

export interface Host {
  readonly url: string;
  /** Names of the functions, in the order in which routes are tried. */
  readonly functions: readonly string[];
  /**
   * Accepts no new work, waits for running work (5 s by default), runs the app's terminate hooks, waits for the work
   * that these have ended, frees the port.
   */
  stop(options?: { withinMs?: number }): Promise<void>;
}

const DRAIN_MS = 5_000;
const TERMINATE_MS = 5_000;
const ANSWER_MS = 1_000;

/** @throws the app's own error when it refuses to start; nothing is left running then */
export async function startHost(options: HostOptions): Promise<Host> {
  const { appDirectory, port = 0, host = '127.0.0.1', settings = {}, mounts = [], onLog = () => undefined } = options;
  if (options.enableAuth === true && options.keys === undefined) throw new Error('startHost: enableAuth needs keys.');
  const keys = options.enableAuth === true ? options.keys : undefined;
  const hostSettings = await readHostSettings(appDirectory);
  const core = createCore(onLog);
  const invoker = createInvoker(core, hostSettings.functionTimeoutMs);

  // While the app is being loaded and while it ends, only handlers that do not need it are served: running work may
  // still need its topic.
  const serveWithoutApp = async (exchange: Exchange): Promise<void> => {
    const mount = findMount(mounts, exchange.path);
    if (mount !== undefined) return mount.handle(exchange);
    exchange.request.resume();
    exchange.response.writeHead(503, { 'retry-after': '1', 'content-length': 0 }).end();
  };
  let serve: (exchange: Exchange, target: string) => Promise<void> = serveWithoutApp;
  const { server, inFlight } = createHttpServer((exchange, target) => serve(exchange, target), onLog);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve());
  }).catch((cause: unknown) => {
    throw new Error(
      `Cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}. Set PORT to another.`,
      { cause },
    );
  });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;

  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  try {
    options.prepare?.(url);
    await loadApp(appDirectory, core);
    const functions = sortFunctions(core.functions.values());
    for (const target of functions) checkBindings(target);
    if (functions.length === 0) logSystem(onLog, 'warning', `${appDirectory}: the app registered no functions.`);
    const routes = createRoutes(functions.filter(isTriggeredBy('httptrigger')), hostSettings.routePrefix);
    for (const warning of routes.warnings) logSystem(onLog, 'warning', `routes overlap: ${warning}`);

    const ownMounts = [
      createAdminMount({ functions, invoker, keys, settings }),
      createExtensionsMount(
        [createEventGridExtension({ functions, invoker }), createMcpExtension({ functions, invoker, onLog })],
        keys,
      ),
      ...mounts,
    ];
    const serveFunction = createFunctionsHandler({ routes, invoker, keys });
    serve = async (exchange, target) => {
      const mount = findMount(ownMounts, exchange.path);
      if (mount !== undefined) return mount.handle(exchange);
      if (await serveFunction(exchange, target)) return;
      exchange.request.resume();
      if (exchange.path === '/') serveHomePage(exchange, routes, settings);
      else sendEmpty(exchange.response, 404);
    };
    const begin = prepareListeners({ functions, settings, queues: hostSettings.queues, invoker, onLog });
    const listeners = begin.map((start) => start());
    return {
      url,
      functions: functions.map(({ metadata }) => metadata.name),
      async stop({ withinMs = DRAIN_MS } = {}) {
        serve = serveWithoutApp;
        const stopped = Promise.all(listeners.map((listener) => listener.stop()));
        // Closing the server first would cut answers that are written but not sent.
        const finished = Promise.all([stopped, inFlight.idle(), invoker.idle()]);
        await isDoneWithin(finished, withinMs);
        const hookData = {};
        const terminated = core.hooks.run('appTerminate', { hookData, appHookData: core.appHookData });
        try {
          await isDoneWithin(terminated, TERMINATE_MS);
          // The terminate hooks may have ended running work, such as held requests: wait until their answers are sent.
          const isFinished = await isDoneWithin(finished, ANSWER_MS);
          if (!isFinished) logSystem(onLog, 'warning', 'stopping although functions still run');
        } finally {
          await close();
        }
      },
    };
  } catch (failure) {
    await close();
    throw failure;
  }
}
