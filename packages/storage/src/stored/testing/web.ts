import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on loopback that stands for those on the internet: files by path, with Range, and as unreliable as they are. */
export interface TestServer {
  readonly url: string;
  readonly files: Map<string, Buffer>;
  /** Every request, such as `GET /disk.qcow2 bytes=100-`. */
  readonly asked: string[];
  /** How many answers are cut, and after how many bytes each. */
  cut: { times: number; after: number };
  /** Answered instead of a file, so many times. */
  failing: { times: number; status: number };
  /** Whether it says which version of a file it has. */
  tags: boolean;
  /** Holds answers in the middle until it is called. */
  hold: Promise<void> | undefined;
  close(): Promise<void>;
}

const rangeOf = (request: IncomingMessage, tag: string, length: number): number | undefined => {
  const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const condition = request.headers['if-range'];
  if (from === undefined || (condition !== undefined && condition !== tag) || Number(from) > length) return undefined;
  return Number(from);
};

export const testServer = async (): Promise<TestServer> => {
  const state = {
    files: new Map<string, Buffer>(),
    asked: [] as string[],
    cut: { times: 0, after: 0 },
    failing: { times: 0, status: 503 },
    tags: true,
    hold: undefined as Promise<void> | undefined,
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '';
    state.asked.push([request.method, path, request.headers.range].filter((part) => part !== undefined).join(' '));
    const file = state.files.get(path);
    if (state.failing.times > 0) {
      state.failing.times -= 1;
      response.writeHead(state.failing.status).end();
      return;
    }
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    const tag = `"${createHash('sha256').update(file).digest('hex').slice(0, 12)}"`;
    const from = rangeOf(request, tag, file.length);
    const body = file.subarray(from ?? 0);
    response.writeHead(from === undefined ? 200 : 206, {
      'content-length': body.length,
      ...(state.tags ? { etag: tag } : {}),
      ...(from === undefined ? {} : { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` }),
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    if (state.cut.times > 0 && body.length > state.cut.after) {
      state.cut.times -= 1;
      response.write(body.subarray(0, state.cut.after), () => setTimeout(() => response.destroy(), 30));
      return;
    }
    if (state.hold !== undefined) {
      response.write(body.subarray(0, body.length / 2));
      await state.hold;
      response.end(body.subarray(body.length / 2));
      return;
    }
    response.end(body);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  });
};

interface TestItem {
  readonly ftype: string;
  readonly path: string;
  readonly content: Buffer;
  /** Another than that of the content. */
  readonly sha256?: string;
}

/** Publishes images as servers of LXD and Incus do; aliases with their versions, newest last. */
export const publish = (
  { files }: Pick<TestServer, 'files'>,
  images: Readonly<Record<string, readonly { readonly version: string; readonly items: readonly TestItem[] }[]>>,
  arch: string,
): void => {
  const products = Object.fromEntries(
    Object.entries(images).map(([alias, versions]) => [
      `${alias.replaceAll('/', ':')}:${arch}:default`,
      {
        aliases: `${alias},${alias}/default`,
        arch,
        os: 'Test',
        release: '1',
        versions: Object.fromEntries(
          versions.map(({ version, items }) => [
            version,
            {
              items: Object.fromEntries(
                items.map(({ ftype, path, content, sha256 }) => {
                  files.set(`/${path}`, content);
                  return [
                    ftype,
                    {
                      ftype,
                      path,
                      size: content.length,
                      sha256: sha256 ?? createHash('sha256').update(content).digest('hex'),
                    },
                  ];
                }),
              ),
            },
          ]),
        ),
      },
    ]),
  );
  const index = {
    format: 'index:1.0',
    index: {
      images: {
        datatype: 'image-downloads',
        path: 'streams/v1/images.json',
        format: 'products:1.0',
        products: Object.keys(products),
      },
    },
  };
  files.set('/streams/v1/index.json', Buffer.from(JSON.stringify(index)));
  files.set(
    '/streams/v1/images.json',
    Buffer.from(
      JSON.stringify({ content_id: 'images', format: 'products:1.0', datatype: 'image-downloads', products }),
    ),
  );
};
