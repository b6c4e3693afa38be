import { connect } from 'node:net';

const patienceMs = 4000;
const mostBytes = 256 * 1024;
/** A stream is given this long to answer what it was sent. */
const streamMs = 30;

/** @typedef {import('./requests.js').FuzzRequest} FuzzRequest */

const head = (/** @type {FuzzRequest} */ { method, path, headers, body }, /** @type {string | undefined} */ token) => {
  /** @type {[string, string][]} */
  const upgrade =
    method === 'STREAM'
      ? [
          ['connection', 'upgrade'],
          ['upgrade', 'websocket'],
          ['sec-websocket-version', '13'],
          ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
        ]
      : [['connection', 'close']];
  /** @type {[string, string][]} */
  const own = [
    ['host', 'localhost'],
    ...(token === undefined ? [] : /** @type {[string, string][]} */ ([['authorization', `Bearer ${token}`]])),
  ];
  const given = new Set(headers.map(([name]) => name));
  const lines = [
    ...own.filter(([name]) => !given.has(name)),
    ...headers,
    ...upgrade,
    ...(body.length === 0 ? [] : [['content-length', String(body.length)]]),
  ].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method === 'STREAM' ? 'GET' : method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
};

/**
 * Sends bytes as they are, which no HTTP client would, and answers the status and the beginning of what came; status 0
 * when nothing came.
 * @returns {Promise<{ status: number, text: string }>}
 */
export const send = (
  /** @type {string} */ socketPath,
  /** @type {FuzzRequest} */ request,
  /** @type {string | undefined} */ token,
) =>
  new Promise((resolve) => {
    const socket = connect(socketPath);
    /** @type {Buffer[]} */
    const chunks = [];
    let size = 0;
    let done = false;
    const finish = () => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      socket.destroy();
      const text = Buffer.concat(chunks).toString('utf8');
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    };
    const timer = setTimeout(finish, patienceMs);
    socket.on('error', finish).on('close', finish);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      const text = chunks[0]?.toString('latin1') ?? '';
      if (size > mostBytes || text.includes('text/event-stream')) return finish();
      if (chunks.length > 1 || !text.startsWith('HTTP/1.1 101')) return;
      for (const frame of request.frames) socket.write(frame);
      setTimeout(finish, streamMs);
    });
    socket.write(head(request, token));
    if (request.body.length > 0) socket.write(request.body);
  });
