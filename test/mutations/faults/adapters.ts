/**
 * Adapters to the topic, to receivers of webhooks, to senders of deployment checks, and to access tokens of replicas.
 */
import type { Fault } from '../fault.ts';
import { faultsIn } from '../fault.ts';

const callbacks = ['test/adapters/callbacks.test.ts'];
const sender = ['test/adapters/webhook-sender.test.ts'];

export const adapterFaults: readonly Fault[] = [
  ...faultsIn(
    'src/adapters/event-grid.ts',
    ['test/adapters/event-grid.test.ts'],
    [
      [
        'events that were not accepted count as accepted',
        '    throw toUpstreamError(error);\n  }\n}',
        '    void toUpstreamError(error);\n  }\n}',
      ],
      [
        'only the first part of a batch is sent',
        'for (const part of split(events)) await send(client, part);',
        'await send(client, split(events)[0] ?? []);',
      ],
      [
        'the parts of a batch are not waited for',
        'await send(client, part);',
        'void send(client, part).catch(() => undefined);',
      ],
      ['a batch is never split', 'size + length > maxBatch', 'size === Number.POSITIVE_INFINITY'],
      [
        'an event that the topic refuses is tried for ever',
        "if (status === 400 || status === 413) return new UpstreamError('invalid'",
        "if (status === 413) return new UpstreamError('invalid'",
      ],
      ['an event that is too large is tried for ever', 'status === 400 || status === 413', 'status === 400'],
      ['a wrong key is no refusal', 'if (status === 401 || status === 403) {', 'if (status === 403) {'],
      ['an identity without the role is permanent', 'if (status === 401 || status === 403) {', 'if (status === 401) {'],
      [
        'a topic that asks for less is down',
        "if (status === 429) return new UpstreamError('throttled', where, { cause: error });",
        '',
      ],
      [
        'a topic that is down refuses for good',
        "return new UpstreamError('unavailable', where, { cause: error });",
        "return new UpstreamError('invalid', where, { cause: error });",
      ],
      [
        'times are sent as text',
        'time: new Date(time)',
        'time: time as never',
        'the SDK writes either as the same text',
      ],
      ['a send has no time limit', '{ abortSignal: AbortSignal.timeout(callTimeoutMs) }', '{}'],
      ['a connection that failed is kept', '        connected = undefined;\n', ''],
    ],
  ),
  ...faultsIn('src/adapters/webhook-sender.ts', sender, [
    ['a refused webhook counts as accepted', 'if (statusCode >= 200 && statusCode < 300)', 'if (statusCode >= 200)'],
    ['a redirect counts as accepted', 'statusCode < 300', 'statusCode < 400'],
    [
      'a private address is connected to by its number',
      'if (!target.allowPrivate && isIP(hostname) !== 0 && isPrivate(hostname)) {',
      'if (target.allowPrivate && isPrivate(hostname)) {',
    ],
    ['a name may lead to a private address', '...(target.allowPrivate ? {} : { lookup: publicOnly }),', ''],
    [
      'one public address is enough',
      'addresses?.find(({ address }) => isPrivate(address))',
      'addresses?.every(({ address }) => isPrivate(address)) ? addresses[0] : undefined',
    ],
    ['the platform address is public', 'blocked.addAddress(platformAddress);', ''],
    ['link-local addresses are public', "  ['169.254.0.0', 16, 'ipv4'],\n", ''],
    ['what is no address is public', 'return family === 0 || ', 'return family !== 0 && '],
    ['8 bytes of a signature are sent', ".update(body).digest('hex')", ".update(body).digest('hex').slice(0, 16)"],
    [
      'a webhook is not signed',
      "signature === undefined ? {} : { 'x-signature'",
      "signature !== undefined ? {} : { 'x-signature'",
    ],
    ['headers of the target are left out', '    ...target.headers,\n', ''],
    ['the length is counted in characters', 'Buffer.byteLength(body)', 'body.length'],
    ['the pause that a target asks for is ignored', 'Number(header) * 1000 : undefined', 'undefined : undefined'],
    ['the pause is read as milliseconds', 'Number(header) * 1000', 'Number(header)'],
    ['a receiver that hangs is waited for without end', 'signal: AbortSignal.timeout(timeoutMs),', ''],
    [
      'a receiver that cannot be reached counts as one that accepted it',
      'else refuse(error.name',
      "else if (error) resolve('delivered');\n          else refuse(error.name",
    ],
  ]),
  ...faultsIn('src/adapters/callbacks/http.ts', callbacks, [
    ['a redirect is followed', "redirect: 'manual'", "redirect: 'follow'"],
    ['the whole of an answer is read', 'if (size >= maxBytes) break;', ''],
    ['an answer of any size is kept', '.subarray(0, maxBytes)', ''],
    [
      'whoever asks for less refuses for good',
      'status !== 408 && status !== 429',
      'status !== 408',
      'both senders have told 429 apart before they ask',
    ],
    ['a conflict is the end', '[404, 409, 422, 423, 425]', '[404, 422, 423, 425]'],
    ['unprocessable is the end', '[404, 409, 422, 423, 425]', '[404, 409, 423, 425]'],
    [
      'messages hold addresses',
      "throw new UpstreamError('unavailable', `${who}: ${describeFailure(error)}`)",
      "throw new UpstreamError('unavailable', `${who}: ${url} ${describeFailure(error)}`)",
    ],
    ['a call has no time limit', 'signal: AbortSignal.timeout(timeoutMs),', ''],
  ]),
  ...faultsIn('src/adapters/callbacks/github.ts', callbacks, [
    [
      'a rejection is sent as an approval',
      "state: result === 'succeeded' ? 'approved' : 'rejected'",
      "state: result === 'failed' ? 'approved' : 'rejected'",
    ],
    [
      'a refusal of the token counts as a refusal of the review',
      "answer.of === 'review' && isAccepted(status)",
      'isAccepted(status)',
    ],
    ['a run that is not ready is the end', 'if (isNotYet(status)) return { notYet: `${who} (${status})` };', ''],
    ['a run that no longer exists is retried forever', "if (status === 410) return 'dead';", ''],
    [
      'a token that was revoked is kept',
      'if (reply.status === 401 && refused === undefined) return review(callback, body, token.token);',
      '',
    ],
    [
      'a used-up limit is a refusal',
      'const isLimit = status === 403 && (retryAfterMs !== undefined',
      'const isLimit = status === 403 && (retryAfterMs === -1',
    ],
    ['a secondary limit is a refusal', '/secondary rate limit/i.test(text)', 'false'],
    ['comments are Markdown', 'line.replaceAll(/[\\\\`*_[\\]<>|~]/g, String.raw`\\$&`)', 'line'],
    ['comments are too long', 'plain.length <= maxComment ? plain', 'plain.length > 0 ? plain'],
    [
      'refused credentials are an outage',
      'const isRefusal = status === 401 || status === 403',
      'const isRefusal = status === 401 && status === 403',
    ],
    [
      'what is refused for good is tried for ever',
      "isRejected(status) ? 'invalid' : 'unavailable', `${who}",
      "'unavailable', `${who}",
    ],
  ]),
  ...faultsIn('src/adapters/callbacks/github-app.ts', callbacks, [
    ['a token is used until its very end', 'Date.parse(endsAt) - marginMs', 'Date.parse(endsAt)'],
    [
      'a token is asked for each time',
      'known !== undefined && known.token !== refused && clock.now() < known.until',
      'false',
    ],
    ['a refused token is used again', 'known.token !== refused && ', ''],
    ['many verdicts ask for many tokens', 'if (running !== undefined) return running;', ''],
    ['the signature is good for an hour', 'const lifeSeconds = 540;', 'const lifeSeconds = 3_600;'],
    ['the signature is dated now', 'iat: now - backdatedSeconds', 'iat: now'],
    ['any answer is a token', 'reply.status === 201 ? readToken(reply.text) : undefined', 'readToken(reply.text)'],
  ]),
  ...faultsIn('src/adapters/callbacks/azure-pipelines.ts', callbacks, [
    ['the sign-in page counts as accepted', 'status < 300 && status !== 203', 'status < 300'],
    ['a plan that has ended is retried forever', "if (isEnded(reply)) return 'dead';", ''],
    [
      'a plan that has not begun is the end',
      'if (isNotYet(reply.status)) return { notYet: `${who} (${reply.status})` };',
      '',
    ],
    [
      'the verdict names no result',
      "const event = { name: 'TaskCompleted', taskId, jobId, result };",
      "const event = { name: 'TaskCompleted', taskId, jobId };",
    ],
    [
      'a service that asks for less is down',
      'const isTooMuch = status === 429 ||',
      'const isTooMuch = status === -1 ||',
    ],
    [
      'a requested pause is ignored',
      'const asked = retryAfterMs === undefined ? {} : { retryAfterMs };\n  if (isRefused',
      'const asked = {};\n  if (isRefused',
    ],
    [
      'a token that is not known is an outage',
      'return [203, 401, 403].includes(status)',
      'return [401, 403].includes(status)',
    ],
    ['what is refused for good is tried for ever', "isRejected(status) ? 'invalid' : 'unavailable'", "'unavailable'"],
  ]),
  ...faultsIn(
    'src/functions/http/github-signature.ts',
    ['test/functions/check-github.test.ts'],
    [
      [
        '8 bytes of the HMAC are compared',
        "return timingSafeEqual(right, Buffer.from(given, 'hex'));",
        "return timingSafeEqual(right.subarray(0, 8), Buffer.from(given, 'hex').subarray(0, 8));",
      ],
      [
        'the last byte of the HMAC is not compared',
        "return timingSafeEqual(right, Buffer.from(given, 'hex'));",
        "return timingSafeEqual(right.subarray(0, 31), Buffer.from(given, 'hex').subarray(0, 31));",
      ],
    ],
  ),
  ...faultsIn(
    'src/functions/http/webhook-secret.ts',
    ['test/functions/webhook.test.ts', 'test/functions/webhook-secret.test.ts'],
    [
      ['no secret opens', 'given !== undefined && matches.length > 0', 'matches.length > 0 || given === undefined'],
      [
        'a part of the secret opens',
        "return hash('sha256', text, 'buffer');",
        "return hash('sha256', text.slice(0, 8), 'buffer');",
      ],
      [
        'only the first of the secrets opens',
        'const hashes = secrets.map(hashed);',
        'const hashes = secrets.slice(0, 1).map(hashed);',
      ],
    ],
  ),
];
