import type { Duplex } from 'node:stream';
import type { Driver, GuestRef } from '@innkeeper/driver-contract';
import type { Host } from '@innkeeper/host';
import { messageChain, type WorkloadSpec } from '@innkeeper/model';

type Readiness = NonNullable<WorkloadSpec['readiness']>;

/** What a probe is asked about. */
export interface Probed {
  readonly host: Host;
  readonly driver: Driver;
  readonly guest: GuestRef;
  readonly addresses: readonly string[];
}

/** Undefined: ready. Else what it is not, as a phrase. */
export type Answer = string | undefined;

const connectMs = 3000;
const answerMs = 5000;
const commandMs = 10_000;
const longestLine = 200;

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ETIMEDOUT: 'does not answer',
};

const late = <T>(ms: number, work: Promise<T>, what: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${ms / 1000} s`)), ms);
  });
  return Promise.race([work, over]).finally(() => clearTimeout(timer));
};

/** A connection that came too late is closed when it comes. */
const connect = async ({ host, addresses }: Probed, port: number): Promise<Duplex | string> => {
  const [address] = addresses;
  if (address === undefined) return 'has no address yet';
  const opening = host.connect({ tcp: { address, port } });
  try {
    return await late(connectMs, opening, `${address}:${port} does not answer`);
  } catch (error) {
    opening.then((stream) => stream.destroy()).catch(() => undefined);
    const code = (error as { readonly code?: string }).code;
    return code === undefined ? messageChain(error).join(': ') : `${address}:${port} ${reasons[code] ?? code}`;
  }
};

const probeTcp = async (probed: Probed, port: number): Promise<Answer> => {
  const stream = await connect(probed, port);
  if (typeof stream === 'string') return stream;
  stream.destroy();
  return undefined;
};

/** The first line of an answer, whatever follows. */
const firstLine = (stream: Duplex): Promise<string> =>
  new Promise((resolve, reject) => {
    let heard = '';
    stream.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
      if (heard.includes('\n') || heard.length > longestLine) resolve(heard.split(/\r?\n/)[0] ?? '');
    });
    stream.once('error', reject);
    stream.once('close', () => resolve(heard));
  });

/** HTTP/1.1 [RFC 9112]; without a wanted status any below 400 will do. */
const probeHttp = async (
  probed: Probed,
  { port, path = '/', status }: NonNullable<Readiness['http']>,
): Promise<Answer> => {
  const stream = await connect(probed, port);
  if (typeof stream === 'string') return stream;
  const where = `${probed.addresses[0]}:${port}`;
  try {
    const target = encodeURI(path).replaceAll(/[\r\n ]/g, '');
    stream.write(`GET ${target} HTTP/1.1\r\nHost: ${where}\r\nUser-Agent: innkeeper\r\nConnection: close\r\n\r\n`);
    const line = await late(answerMs, firstLine(stream), `${where} accepts connections and does not answer`);
    const got = /^HTTP\/\d(?:\.\d)? (\d{3})/.exec(line)?.[1];
    if (got === undefined) return `${where} does not speak HTTP`;
    const isWanted = status === undefined ? Number(got) < 400 : Number(got) === status;
    return isWanted ? undefined : `${where}${path} answers ${got}, not ${status ?? 'below 400'}`;
  } finally {
    stream.destroy();
  }
};

const run = async ({ driver, guest }: Probed, command: readonly string[]): Promise<{ code: number; last: string }> => {
  if (driver.exec === undefined) throw new Error(`the driver ${driver.info().id} runs no commands`);
  const process = await driver.exec(guest, { command, env: {}, cwd: undefined, tty: undefined });
  process.stdin.end();
  let said = '';
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString('utf8')).slice(-4096);
  };
  process.stdout.on('data', hear);
  process.stderr.on('data', hear);
  try {
    const { code } = await late(commandMs, process.exit, 'does not end');
    return { code: code ?? -1, last: said.trim().split('\n').at(-1)?.slice(0, longestLine) ?? '' };
  } catch (error) {
    process.kill('SIGKILL');
    throw error;
  }
};

const probeCommand = async (probed: Probed, command: readonly string[]): Promise<Answer> => {
  const { code, last } = await run(probed, command);
  return code === 0 ? undefined : `${command[0]} exits with ${code}${last === '' ? '' : `: ${last}`}`;
};

/** `running`: every unit that was to start has. [systemctl(1), is-system-running] */
const probeSystemd = async (probed: Probed): Promise<Answer> => {
  const { code, last } = await run(probed, ['systemctl', 'is-system-running']);
  return code === 0 ? undefined : `systemd says ${last === '' ? 'nothing' : last}`;
};

/** Asks once whether a guest is ready. Never throws: what fails is an answer. */
export const probe = async (readiness: Readiness, probed: Probed): Promise<Answer> => {
  try {
    if (readiness.tcp !== undefined) return await probeTcp(probed, readiness.tcp);
    if (readiness.http !== undefined) return await probeHttp(probed, readiness.http);
    if (readiness.command !== undefined) return await probeCommand(probed, readiness.command);
    return await probeSystemd(probed);
  } catch (error) {
    return messageChain(error).join(': ').slice(0, longestLine);
  }
};
