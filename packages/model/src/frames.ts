/**
 * The framing of exec and console over WebSocket. Every message is binary: one byte for the channel, then its payload.
 * It is part of the API and does not change: new channels may be added, an unknown one is ignored.
 */
export const channels = {
  /** To the guest: bytes of standard input. An empty payload ends it. */
  stdin: 0,
  /** From the guest: bytes of standard output, or of the console. */
  stdout: 1,
  /** From the guest: bytes of standard error. Never with a pty. */
  stderr: 2,
  /** To the guest: JSON `{ cols, rows }`. */
  resize: 3,
  /** To the guest: JSON `{ signal }`, a name such as `SIGINT`. */
  signal: 4,
  /** From the guest, last: JSON `{ code }`, `{ signal }` or `{ error }`. */
  exit: 5,
  /** To the guest, first: JSON of what is to be run. Not in the URL, so that it never stands in an access log. */
  start: 6,
} as const;

export type Channel = keyof typeof channels;

const byNumber = new Map<number, Channel>(Object.entries(channels).map(([name, number]) => [number, name as Channel]));

export interface Frame {
  readonly channel: Channel;
  readonly payload: Uint8Array;
}

export const encodeFrame = (channel: Channel, payload: Uint8Array | string | object): Uint8Array => {
  const bytes =
    payload instanceof Uint8Array
      ? payload
      : new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload));
  const frame = new Uint8Array(bytes.length + 1);
  frame[0] = channels[channel];
  frame.set(bytes, 1);
  return frame;
};

/** Undefined for an empty message or a channel of a later version. */
export const decodeFrame = (message: Uint8Array): Frame | undefined => {
  const channel = message[0] === undefined ? undefined : byNumber.get(message[0]);
  return channel === undefined ? undefined : { channel, payload: message.subarray(1) };
};

export const frameJson = (frame: Frame): unknown => JSON.parse(new TextDecoder().decode(frame.payload));

/** What a client asks to be run; the payload of the `start` frame. */
export interface ExecRequest {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A name or number of the guest; its root when nothing is said. */
  readonly user?: string;
  /** `optional`: without a terminal where the guest's driver has none. */
  readonly tty?: { readonly cols: number; readonly rows: number; readonly optional?: boolean };
}

/** What can be asked of a guest's files; each is a program of the guest's own. */
export const fileActions = ['look', 'read', 'write', 'pack', 'unpack'] as const;
export type FileAction = (typeof fileActions)[number];

/**
 * What a client asks of a guest's files; the payload of the `start` frame of that stream. `look`: exit code 0 for a folder,
 * 1 for anything else. `read` and `write`: the bytes of one file. `pack`: a tar archive of a path, under the last part of
 * it. `unpack`: a tar archive into a folder; what is in it becomes root's.
 */
export interface FileRequest {
  readonly action: FileAction;
  /** Begins with a slash; links in it are the guest's. */
  readonly path: string;
}

export type ExitReport =
  | { readonly code: number }
  | { readonly signal: string }
  | {
      readonly error: string;
      readonly hint?: string;
      /** One of the error codes of the API. */
      readonly kind?: string;
    };
