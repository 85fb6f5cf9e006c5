/** Answers that are not the table service's: a proxy, another address, a refusal. None of them means "no such row". */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { table } from '../../src/adapters/table-storage/table.ts';

let answer: { status: number; type: string; body: string };
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(answer.status, { 'content-type': answer.type });
    response.end(answer.body);
  });
});
let rows: ReturnType<typeof table>;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const key = Buffer.alloc(32).toString('base64');
  const endpoint = `http://127.0.0.1:${port}/account`;
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${key};TableEndpoint=${endpoint};`;
  rows = table(tableClient({ kind: 'connectionString', connectionString }, 'rows'));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const address = { partitionKey: 'p', rowKey: 'r' };
const odata = (code: string) => JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: 'no' } } });

describe.each([
  ['a page of a proxy', { status: 404, type: 'text/html', body: '<h1>Not Found</h1>' }, 'unavailable'],
  ['nothing', { status: 404, type: 'text/plain', body: '' }, 'unavailable'],
  ['a refusal', { status: 403, type: 'application/json', body: odata('AuthorizationFailure') }, 'unauthorized'],
  ['another 404 of the service', { status: 404, type: 'application/json', body: odata('AccountNotFound') }, 'invalid'],
])('%s', (_what, given, code) => {
  test.each([
    ['get', () => rows.get(address)],
    ['remove', () => rows.remove(address)],
    ['amend', () => rows.amend({ ...address, x: 1 }, '*')],
    ['replace', () => rows.replace({ ...address, x: 1 }, 'W/"1"')],
  ])('%s fails', async (_name, call) => {
    answer = given;
    await expect(call()).rejects.toMatchObject({ code });
  });
});

test.each(['ResourceNotFound', 'EntityNotFound', 'TableNotFound'])('%s is no row', async (code) => {
  answer = { status: 404, type: 'application/json', body: odata(code) };
  expect(await rows.get(address)).toBeUndefined();
  await rows.remove(address);
});
