import { readFile } from 'node:fs/promises';
import { type Host, installHook, type LibvirtHook, removeHook, shellWord } from '@innkeeper/host';
import { type Capability, installationSuffix, type Listener, type Paths } from '@innkeeper/model';
import { bridgesOf, type PublishedGuest, rulesetOf } from './ruleset.ts';

let program: Promise<string> | undefined;
const publishProgram = (): Promise<string> => {
  program ??= readFile(new URL('../sh/publish.sh', import.meta.url), 'utf8');
  return program;
};

/** Of the table of nftables, of the rules before libvirt's chains and of the hook. */
const nameOf = (paths: Pick<Paths, 'prefix'>): string => `innkeeper${installationSuffix(paths)}`;

const folderOf = ({ state }: Pick<Paths, 'state'>): string => `${state}/network`;

const hookOf = (paths: Pick<Paths, 'prefix'>): LibvirtHook => ({ of: 'network', name: nameOf(paths) });

/** After a reboot of the host, and when libvirt made an interface of the host anew. */
const hookText = async (paths: Paths): Promise<string> => `#!/bin/sh
# Written by Innkeeper: ports that are published for guests are led to them again when a network has been started.
# There while something is published.
case "$2" in started | updated) ;; *) exit 0 ;; esac
set -- ${shellWord(folderOf(paths))} ${shellWord(nameOf(paths))}
${await publishProgram()}`;

const run = async (host: Host, paths: Paths): Promise<void> => {
  await host.run(['sh', '-s', '--', folderOf(paths), nameOf(paths)], { input: await publishProgram() });
};

/**
 * Makes what a host publishes exactly this, whatever it was before; connections that exist stay. It lasts until it is
 * called again: through a restart of guests, networks, libvirt and of the host.
 */
export const publish = async (
  host: Host,
  paths: Paths,
  published: readonly PublishedGuest[],
  listening: readonly Listener[] = [],
): Promise<void> => {
  const folder = folderOf(paths);
  const ruleset = rulesetOf(nameOf(paths), published, listening);
  const bridges = bridgesOf(published)
    .map((bridge) => `${bridge}\n`)
    .join('');
  if (published.length === 0 && (await host.files.facts(`${folder}/published.nft`)) === undefined) return;
  await host.files.makeDirectory(folder, 0o700);
  await host.files.write(`${folder}/bridges`, bridges, 0o600);
  await host.files.write(`${folder}/published.nft`, ruleset, 0o600);
  await run(host, paths);
  if (published.length > 0) {
    await installHook(host, hookOf(paths), await hookText(paths));
    return;
  }
  await removeHook(host, hookOf(paths));
  await host.files.remove(folder);
};

/** Takes everything back that {@link publish} made; nothing there is no error. */
export const unpublishAll = (host: Host, paths: Paths): Promise<void> => publish(host, paths, []);

const trial = `table inet trial {
  chain arriving { type nat hook prerouting priority dstnat; fib daddr type local tcp dport 1 dnat ip to 192.0.2.1:1; }
  chain returning { type nat hook postrouting priority srcnat; ct status dnat masquerade; }
}
`;

const known = new WeakMap<Host, Promise<Capability>>();

const tryPublish = async (host: Host): Promise<Capability> => {
  const { exitCode, stderr } = await host.run(['unshare', '--net', '--', 'nft', '-f', '-'], {
    input: trial,
    expect: [0, 1, 127],
  });
  if (exitCode === 0) return { value: true, evidence: 'tried: nftables with fib, dnat and masquerade' };
  const why = stderr.trim().split('\n')[0]?.slice(0, 200) ?? '';
  return {
    value: false,
    evidence: `tried: ${why}`,
    reasonIfAbsent: `this host cannot lead ports to guests with nftables: ${why}`,
  };
};

/** Whether the host can publish ports, tried in a network namespace of its own; asked once for as long as it works. */
export const publishCapability = (host: Host): Promise<Capability> => {
  const asked = known.get(host) ?? tryPublish(host);
  known.set(host, asked);
  asked.then(
    ({ value }) => value === true || known.delete(host),
    () => known.delete(host),
  );
  return asked;
};
