import type { Listener } from '@innkeeper/model';
import type { Host } from './host.ts';

const row = /^(tcp|udp)\s+\S+\s+\d+\s+\d+\s+(\S+):(\d{1,5})\s+\S+\s*(.*)$/;

const addressOf = (text: string): string | undefined => {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  return bare === '*' || bare === '0.0.0.0' || bare === '::' ? undefined : bare;
};

/** Reads `ss -H -l -n -t -u -p`. Of sockets bound to an interface or to an IPv6 address alone nothing is said. */
export const parseListeners = (text: string): Listener[] => {
  const found = new Map<string, Listener>();
  for (const line of text.split('\n')) {
    const [, protocol, bound = '', port, users = ''] = row.exec(line) ?? [];
    if (protocol === undefined) continue;
    const [host = '', device] = bound.split('%');
    const address = addressOf(host);
    if (device !== undefined && address === undefined) continue;
    if (address?.includes(':') === true) continue;
    const program = /\(\("([^"]+)"/.exec(users)?.[1];
    const listener: Listener = {
      protocol: protocol === 'udp' ? 'udp' : 'tcp',
      port: Number(port),
      ...(address === undefined ? {} : { address }),
      ...(program === undefined ? {} : { program }),
    };
    found.set(`${protocol} ${address ?? ''} ${port}`, listener);
  }
  return [...found.values()].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
};

/** Ports of the host's own programs; none where `ss` (iproute2) is missing. */
export const readListeners = async (host: Host): Promise<Listener[]> => {
  const { stdout, exitCode } = await host.run(['ss', '-H', '-l', '-n', '-t', '-u', '-p'], { expect: [0, 1, 127, 255] });
  return exitCode === 0 ? parseListeners(stdout) : [];
};
