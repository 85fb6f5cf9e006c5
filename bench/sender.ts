/**
 * Posts over kept connections with as little code as possible: on one machine, sender and server share the processor,
 * and a whole HTTP client needs as much of it as the server.
 */
import type { Socket } from 'node:net';
import { connect } from 'node:net';

export interface Sender {
  /** @returns the status */
  post(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<number>;
  close(): void;
}

/** Longer than any client waits: a late answer is measured and shown as late. */
const answerWithinMs = 120_000;
const headEnd = '\r\n\r\n';

export function openSender({ hostname, port, host }: URL): Sender {
  const idle: Socket[] = [];
  const all = new Set<Socket>();

  async function open(): Promise<Socket> {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    all.add(socket);
    // A reset of an idle connection is reported by the next write.
    socket.on('error', () => all.delete(socket));
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return socket;
  }

  /** The server closes connections that were idle for some seconds. */
  function idleSocket(): Socket | undefined {
    for (let socket = idle.pop(); socket !== undefined; socket = idle.pop()) {
      if (socket.writable) return socket;
    }
    return undefined;
  }

  return {
    async post(path, headers, body) {
      const lines = Object.entries({ host, ...headers, 'content-length': String(Buffer.byteLength(body)) });
      const head = [`POST ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`)].join('\r\n');
      const socket = idleSocket() ?? (await open());
      socket.write(`${head}${headEnd}${body}`);
      const status = await readStatus(socket);
      idle.push(socket);
      return status;
    },
    close() {
      for (const socket of all) socket.destroy();
    },
  };
}

/** Resolves once the whole answer has arrived, so that the connection can be used for the next request. */
function readStatus(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => end(new Error('no answer in time')), answerWithinMs);
    const onData = (data: Buffer) => {
      text += data.toString('latin1');
      const bodyAt = text.indexOf(headEnd) + headEnd.length;
      const [, length] = /\r\ncontent-length: *(\d+)/i.exec(text) ?? [];
      if (bodyAt >= headEnd.length && text.length >= bodyAt + Number(length ?? 0)) end(undefined);
    };
    const onClose = () => end(new Error('the connection was closed before the answer'));
    function end(failure: Error | undefined): void {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose);
      if (failure === undefined) resolve(Number(text.slice(9, 12)));
      else reject(failure);
    }
    socket.on('data', onData).on('close', onClose);
  });
}
