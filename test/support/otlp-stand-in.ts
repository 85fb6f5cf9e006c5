/**
 * Takes OTLP over HTTP in its usual form, Protocol Buffers, and reads it to the byte. Field numbers are those of
 * opentelemetry-proto: collector/{metrics,trace}/v1, metrics/v1, trace/v1, common/v1.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface ExportedMetric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly kind: 'gauge' | 'sum' | 'histogram';
  readonly isMonotonic: boolean;
  readonly resource: Attributes;
  readonly points: readonly {
    readonly attributes: Attributes;
    /** Of a histogram: the sum. */
    readonly value: number;
    readonly count?: number;
    readonly bounds?: readonly number[];
  }[];
}

export interface ExportedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: none. */
  readonly parentId: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  /** Milliseconds. */
  readonly tookMs: number;
  readonly hasFailed: boolean;
}

export interface OtlpStandIn {
  readonly endpoint: string;
  readonly metrics: ExportedMetric[];
  readonly spans: ExportedSpan[];
  /** Path and content type of each request. */
  readonly requests: string[];
  /** Every byte that came, as text. */
  readonly bytes: string[];
  /** The status of its answers; `0` for no answer. */
  status: number;
  stop(): Promise<void>;
}

export async function startOtlpStandIn(): Promise<OtlpStandIn> {
  const server = createServer(async (request, response) => {
    const raw = await buffer(request);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    standIn.requests.push(`${request.method} ${request.url} ${request.headers['content-type']}`);
    standIn.bytes.push(body.toString('latin1'));
    if (standIn.status === 0) return;
    if (standIn.status === 200 && request.url?.endsWith('/v1/metrics')) standIn.metrics.push(...readMetrics(body));
    if (standIn.status === 200 && request.url?.endsWith('/v1/traces')) standIn.spans.push(...readSpans(body));
    response.writeHead(standIn.status, { 'content-type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const standIn: OtlpStandIn = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    metrics: [],
    spans: [],
    requests: [],
    bytes: [],
    status: 200,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return standIn;
}

/** A message: its values by field number; numbers of 64 bits and texts as their bytes. */
class Message {
  readonly #fields = new Map<number, (bigint | Buffer)[]>();

  constructor(bytes: Buffer) {
    let at = 0;
    const varint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes.readUInt8(at++);
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    const take = (length: number): Buffer => {
      at += length;
      if (at > bytes.length) throw new Error('a field is longer than its message');
      return bytes.subarray(at - length, at);
    };
    while (at < bytes.length) {
      const key = Number(varint());
      const read: Record<number, () => bigint | Buffer> = {
        0: varint,
        1: () => take(8),
        2: () => take(Number(varint())),
        5: () => take(4),
      };
      const value = read[key & 7]?.();
      if (value === undefined) throw new Error(`wire type ${key & 7} is none`);
      this.#fields.set(key >> 3, [...(this.#fields.get(key >> 3) ?? []), value]);
    }
  }

  has(field: number): boolean {
    return this.#fields.has(field);
  }

  bytes(field: number): Buffer[] {
    return (this.#fields.get(field) ?? []).filter((value) => typeof value !== 'bigint');
  }

  messages(field: number): Message[] {
    return this.bytes(field).map((value) => new Message(value));
  }

  message(field: number): Message {
    return this.messages(field)[0] ?? new Message(Buffer.alloc(0));
  }

  text(field: number): string {
    return this.bytes(field)[0]?.toString('utf8') ?? '';
  }

  hex(field: number): string {
    return this.bytes(field)[0]?.toString('hex') ?? '';
  }

  varint(field: number): number {
    const value = this.#fields.get(field)?.[0];
    return typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0;
  }

  fixed(field: number): bigint {
    return this.bytes(field)[0]?.readBigInt64LE() ?? 0n;
  }

  double(field: number): number {
    return this.bytes(field)[0]?.readDoubleLE() ?? 0;
  }

  doubles(field: number): number[] {
    const packed = Buffer.concat(this.bytes(field));
    return Array.from({ length: packed.length / 8 }, (_, i) => packed.readDoubleLE(i * 8));
  }
}

function readAttributes(message: Message, field: number): Attributes {
  return Object.fromEntries(
    message.messages(field).map((pair) => {
      const value = pair.message(2);
      if (value.has(2)) return [pair.text(1), value.varint(2) === 1];
      if (value.has(3)) return [pair.text(1), value.varint(3)];
      return [pair.text(1), value.has(4) ? value.double(4) : value.text(1)];
    }),
  );
}

function readMetrics(body: Buffer): ExportedMetric[] {
  return new Message(body).messages(1).flatMap((group) =>
    group.messages(2).flatMap((scope) =>
      scope.messages(2).map((metric) => {
        const kind = metric.has(9) ? 'histogram' : metric.has(7) ? 'sum' : 'gauge';
        const data = metric.message({ histogram: 9, sum: 7, gauge: 5 }[kind]);
        return {
          name: metric.text(1),
          description: metric.text(2),
          unit: metric.text(3),
          kind,
          isMonotonic: kind === 'sum' && data.varint(3) === 1,
          resource: readAttributes(group.message(1), 1),
          points: data.messages(1).map((point) =>
            kind === 'histogram'
              ? {
                  attributes: readAttributes(point, 9),
                  value: point.double(5),
                  count: Number(point.fixed(4)),
                  bounds: point.doubles(7),
                }
              : {
                  attributes: readAttributes(point, 7),
                  value: point.has(6) ? Number(point.fixed(6)) : point.double(4),
                },
          ),
        };
      }),
    ),
  );
}

function readSpans(body: Buffer): ExportedSpan[] {
  return new Message(body).messages(1).flatMap((group) =>
    group.messages(2).flatMap((scope) =>
      scope.messages(2).map((span) => ({
        name: span.text(5),
        traceId: span.hex(1),
        spanId: span.hex(2),
        parentId: span.hex(4),
        attributes: readAttributes(span, 9),
        resource: readAttributes(group.message(1), 1),
        tookMs: Number(span.fixed(8) - span.fixed(7)) / 1e6,
        hasFailed: span.message(15).varint(3) === 2,
      })),
    ),
  );
}
