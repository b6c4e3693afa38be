import { generateKeyPair, type JsonWebKey, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

/** Kinds of an SSH server's keys that are made anew, as their files are called: `ssh_host_KIND_key`. */
export const hostKeyKinds = ['rsa', 'ecdsa', 'ed25519'] as const;
export type HostKeyKind = (typeof hostKeyKinds)[number];

/** The two files of a key. */
export interface HostKey {
  readonly private: string;
  readonly public: string;
}

type Field = string | Buffer;

/** Length and bytes. [RFC 4251, section 5] */
const field = (value: Field): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const fields = (...all: readonly Field[]): Buffer => Buffer.concat(all.map(field));

const raw = (text = ''): Buffer => Buffer.from(text, 'base64url');

/** A number above zero: no zeros in front, but for one where its first bit is set. [RFC 4251, section 5] */
const number = (text: string | undefined): Buffer => {
  const bytes = raw(text);
  const start = bytes.findIndex((byte) => byte !== 0);
  const short = bytes.subarray(Math.max(start, 0));
  return (short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), short]) : short;
};

interface Parts {
  readonly type: string;
  /** Behind the type. */
  readonly public: readonly Field[];
  readonly private: readonly Field[];
}

const partsOf: Readonly<Record<HostKeyKind, (key: JsonWebKey) => Parts>> = {
  rsa: ({ n, e, d, qi, p, q }) => ({
    type: 'ssh-rsa',
    public: [number(e), number(n)],
    private: [n, e, d, qi, p, q].map(number),
  }),
  ecdsa: ({ x, y, d }) => {
    const point = ['nistp256', Buffer.concat([Buffer.from([4]), raw(x), raw(y)])];
    return { type: 'ecdsa-sha2-nistp256', public: point, private: [...point, number(d)] };
  },
  ed25519: ({ x, d }) => ({
    type: 'ssh-ed25519',
    public: [raw(x)],
    private: [raw(x), Buffer.concat([raw(d), raw(x)])],
  }),
};

const fresh: Readonly<Record<HostKeyKind, () => Promise<{ readonly privateKey: KeyObject }>>> = {
  rsa: () => generate('rsa', { modulusLength: 3072 }),
  ecdsa: () => generate('ec', { namedCurve: 'P-256' }),
  ed25519: () => generate('ed25519'),
};

const blockBytes = 8;

/** Not encrypted, as the keys of a server are. [openssh, PROTOCOL.key] */
const privateFile = ({ type, public: open, private: secret }: Parts, comment: string): string => {
  const check = randomBytes(4);
  const body = Buffer.concat([check, check, fields(type, ...secret, comment)]);
  const missing = (blockBytes - (body.length % blockBytes)) % blockBytes;
  const padded = Buffer.concat([body, Buffer.from(Array.from({ length: missing }, (_, at) => at + 1))]);
  const one = Buffer.from([0, 0, 0, 1]);
  const all = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    fields('none', 'none', ''),
    one,
    fields(fields(type, ...open), padded),
  ]);
  const lines = all.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
};

/** A new key of an SSH server, as ssh-keygen writes it. */
export const makeHostKey = async (kind: HostKeyKind, comment: string): Promise<HostKey> => {
  const { privateKey } = await fresh[kind]();
  const parts = partsOf[kind](privateKey.export({ format: 'jwk' }));
  const blob = fields(parts.type, ...parts.public).toString('base64');
  return { private: privateFile(parts, comment), public: `${parts.type} ${blob} ${comment}\n` };
};
