import type { Host } from '@innkeeper/host';
import type { DomainDescription } from '@innkeeper/libvirt';
import { readOwnership } from './metadata.ts';

type Target = Parameters<Host['connect']>[0];

/** Listening on every address is listening on this one. */
const reachable = (listen: string | undefined): string =>
  listen === undefined || listen === '0.0.0.0' || listen === '::' ? '127.0.0.1' : listen;

/** Where the VNC of a running machine is: ours have a socket, those of others often a port of their host. */
export const screenTarget = ({ graphics }: DomainDescription): Target | undefined => {
  const vnc = graphics.find(({ type }) => type === 'vnc');
  if (vnc?.socket !== undefined) return { socket: vnc.socket };
  return vnc?.port === undefined ? undefined : { tcp: { address: reachable(vnc.listen), port: vnc.port } };
};

/**
 * Where the console of a running guest that was adopted is, which its owner chose: a terminal of the host, or a socket. Undefined for
 * all others, and for one whose console goes elsewhere.
 */
export const ownersConsole = (description: DomainDescription | undefined): Target | undefined => {
  if (description?.id === undefined || readOwnership(description.metadata)?.adopted === undefined) return undefined;
  const [line] = description.consoles.filter(
    ({ kind, type, path }) => kind !== 'channel' && path !== undefined && (type === 'pty' || type === 'unix'),
  );
  if (line?.path === undefined) return undefined;
  return line.type === 'pty' ? { terminal: line.path } : { socket: line.path };
};
