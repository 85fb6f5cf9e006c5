/** What an app may change in invocations with hooks, and what the core module lets it register. */
import { expect, test } from 'vitest';
import { startHost } from '../../src/local/host/host.ts';
import { buildApp, collectLog } from './build-app.ts';

async function callWith(source: string, path = '/api/a') {
  const log = collectLog();
  const host = await startHost({ appDirectory: await buildApp({ source }), onLog: log.onLog });
  const response = await fetch(`${host.url}${path}`);
  const answer = { status: response.status, body: await response.text(), entries: log.entries };
  await host.stop();
  return answer;
}

const echoing = "app.get('a', { handler: (request, context) => ({ body: request.said + context.extra }) });";

test('hooks before an invocation may change its inputs and share data with hooks after it', async () => {
  const { body } = await callWith(`
    app.hook.preInvocation((context) => {
      context.inputs[0].said = 'changed';
      context.invocationContext.extra = 'too';
      context.hookData.seen = 1;
    });
    app.hook.postInvocation((context) => { context.result = { body: context.result.body + context.hookData.seen }; });
    ${echoing}`);
  expect(body).toBe('changedtoo1');
});

test('a hook may replace the function, and one may forgive its error', async () => {
  const { status, body } = await callWith(`
    app.hook.preInvocation((context) => { context.functionHandler = () => { throw new Error('replaced'); }; });
    app.hook.postInvocation((context) => {
      context.result = { body: context.error.message };
      context.error = null;
    });
    ${echoing}`);
  expect({ status, body }).toEqual({ status: 200, body: 'replaced' });
});

test('a hook that throws fails the invocation', async () => {
  const { status, entries } = await callWith(
    `app.hook.preInvocation(() => { throw new Error('held up'); }); ${echoing}`,
  );
  expect(status).toBe(500);
  expect(entries.some(({ message }) => message.includes('held up'))).toBe(true);
});

test('a hook that was disposed is not run', async () => {
  const { status } = await callWith(
    `app.hook.preInvocation(() => { throw new Error('held up'); }).dispose(); ${echoing}`,
  );
  expect(status).toBe(200);
});

test("log hooks may change the app's words, not the host's", async () => {
  const { entries } = await callWith(`
    app.hook.log((entry) => { entry.message = 'rewritten'; entry.level = 'warning'; });
    app.get('a', { handler: (request, context) => { context.log('said'); return {}; } });`);
  expect(entries.map(({ level, category, message }) => [level, category, message.split(' ')[0]])).toEqual([
    ['warning', 'user', 'rewritten'],
    ['debug', 'system', 'succeeded'],
  ]);
});

test('nothing can be registered after the start', async () => {
  const { body } = await callWith(`
    app.get('a', { handler() {
      try { app.get('late', { handler: () => ({}) }); return { body: 'registered' }; }
      catch (failure) { return { body: failure.message }; }
    } });`);
  expect(body).toBe('A function can only be registered during app startup.');
});

test('a hook the worker does not know is refused in the way the library looks for', async () => {
  const { body } = await callWith(`
    const core = require('@azure/functions-core');
    let caught;
    try { core.registerHook('onMonday', () => {}); } catch (failure) { caught = failure; }
    app.get('a', { handler: () => ({ jsonBody: [caught.name, caught.isAzureFunctionsSystemError] }) });`);
  expect(JSON.parse(body)).toEqual(['RangeError', true]);
});

test('the app knows its folder at start, and what the worker is', async () => {
  const { body } = await callWith(`
    const core = require('@azure/functions-core');
    let folder;
    app.hook.appStart((context) => { folder = context.functionAppDirectory ?? 'hidden'; });
    app.get('a', { handler: () => ({ jsonBody: [typeof folder, typeof core.version, typeof core.hostVersion, core.getProgrammingModel().name] }) });`);
  expect(JSON.parse(body)).toEqual(['string', 'string', 'string', '@azure/functions']);
});

test('a function that takes longer than functionTimeout fails', async () => {
  const log = collectLog();
  const source = "app.get('a', { handler: () => new Promise(() => {}) });";
  const host = await startHost({
    appDirectory: await buildApp({ source, functionTimeout: '00:00:00.0500000' }),
    onLog: log.onLog,
  });
  expect((await fetch(`${host.url}/api/a`)).status).toBe(500);
  expect(log.entries.some(({ message }) => message.includes('functionTimeout'))).toBe(true);
  await host.stop({ withinMs: 0 });
});
