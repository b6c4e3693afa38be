import type { Host } from '@innkeeper/host';
import type { Paths } from '@innkeeper/model';
import { containerRootPath, mountContainerRoot, type RootFile } from './container-root.ts';
import { type HostKeyKind, hostKeyKinds, makeHostKey } from './host-keys.ts';
import { programText } from './program.ts';

/** Who a guest is from now on. */
export interface Identity {
  readonly name: string;
  /** Of the workload. */
  readonly uuid: string;
  /** That its own name stands for in its own list of names. */
  readonly addresses: readonly string[];
  /** What its first boot is told, where that has not ended yet. */
  readonly seed: Readonly<Record<string, RootFile>>;
}

/** What of a guest says who it is: contents by path, without a leading slash, and names of files by folder. */
export interface Traits {
  readonly files: ReadonlyMap<string, string>;
  readonly names: ReadonlyMap<string, readonly string[]>;
}

interface Written {
  readonly path: string;
  readonly mode: number;
  readonly content: string;
}

/** What is to be changed of a guest's files so that it is another one. */
export interface Renewal {
  readonly write: readonly Written[];
  readonly remove: readonly string[];
  /** Keys that it has, and gets anew. */
  readonly keys: readonly HostKeyKind[];
}

const seeded = 'var/lib/cloud/seed/nocloud';
const bootedFile = 'var/lib/cloud/instance/boot-finished';
const machineIds = ['etc/machine-id', 'var/lib/dbus/machine-id'];
const read = ['etc/hostname', 'etc/hosts', bootedFile, ...machineIds];

/** Files that another guest must not go on with: what a DHCP server gave, keys that are made by whoever finds none. */
const left: readonly (readonly [folder: string, pattern: RegExp])[] = [
  ['var/lib/dhcp', /lease/],
  ['var/lib/dhcpcd', /lease/],
  ['var/lib/NetworkManager', /lease|secret_key|seen-bssids/],
  ['etc/dropbear', /_host_key$/],
];
const seeds = ['var/lib/systemd/random-seed', 'var/lib/systemd/credential.secret', 'var/lib/urandom/random-seed'];
const keys = 'etc/ssh';

/** Lines of /etc/hosts without what names the old one, and with the new one at their end. */
const hostsOf = (
  text: string,
  old: ReadonlySet<string>,
  { name, addresses }: Pick<Identity, 'name' | 'addresses'>,
): string => {
  const names = (word: string): boolean => old.has(word) || [...old].some((one) => word.startsWith(`${one}.`));
  const lines = text.split('\n').flatMap((line) => {
    const [said = '', ...comment] = line.split('#');
    const [address = '', ...words] = said.split(/\s+/).filter((word) => word !== '');
    if (!words.some(names)) return [line];
    const others = words.filter((word) => !names(word));
    const rest = comment.length === 0 ? '' : ` #${comment.join('#')}`;
    return others.length === 0 ? [] : [`${address} ${others.join(' ')}${rest}`];
  });
  const last = lines.findLastIndex((line) => line !== '');
  return [...lines.slice(0, last + 1), ...addresses.map((address) => `${address} ${name}`), ''].join('\n');
};

/** What it is called, and by which addresses: of one that stays who it was, too. */
export const namingOf = ({ files }: Traits, identity: Omit<Identity, 'seed'>, former: string): readonly Written[] => {
  const old = new Set([former, files.get('etc/hostname')?.trim() ?? ''].filter((one) => one !== ''));
  const write: Written[] = [{ path: 'etc/hostname', mode: 0o644, content: `${identity.name}\n` }];
  const hosts = files.get('etc/hosts');
  if (hosts !== undefined) write.push({ path: 'etc/hosts', mode: 0o644, content: hostsOf(hosts, old, identity) });
  return write;
};

/** `former`: what the one that it was copied from is called. */
export const renewalOf = (traits: Traits, identity: Identity, former: string): Renewal => {
  const { files, names } = traits;
  const { uuid, seed } = identity;
  const write: Written[] = [...namingOf(traits, identity, former)];
  // An empty one is filled in by the guest.
  for (const path of machineIds)
    if ((files.get(path) ?? '').trim() !== '')
      write.push({ path, mode: 0o444, content: `${uuid.replaceAll('-', '')}\n` });
  const seedNames = (names.get(seeded) ?? []).map((one) => `${seeded}/${one}`);
  const booted = files.has(bootedFile);
  // What it did at its first boot stands; told of another instance, it would do that again.
  if (booted) write.push({ path: 'etc/cloud/cloud-init.disabled', mode: 0o644, content: '' });
  else
    for (const [path, file] of Object.entries(seed).filter(([path]) => path.startsWith(seeded))) {
      const [content, mode] = typeof file === 'string' ? [file, 0o644] : [file.content, file.mode];
      write.push({ path, mode, content });
    }
  const inKeys = names.get(keys) ?? [];
  const kinds = hostKeyKinds.filter((kind) => inKeys.includes(`ssh_host_${kind}_key`));
  const remade = new Set(kinds.flatMap((kind) => [`ssh_host_${kind}_key`, `ssh_host_${kind}_key.pub`]));
  const remove = [
    ...(booted ? seedNames : []),
    ...inKeys.filter((one) => /^ssh_host_.*_key/.test(one) && !remade.has(one)).map((one) => `${keys}/${one}`),
    ...left.flatMap(([folder, pattern]) =>
      (names.get(folder) ?? []).filter((one) => pattern.test(one)).map((one) => `${folder}/${one}`),
    ),
    ...seeds,
  ];
  return { write, remove, keys: kinds };
};

const filesProgram = programText('guest-files.pl');

const hex = (text: string): string => Buffer.from(text).toString('hex');
const text = (word = ''): string => Buffer.from(word, 'hex').toString();

const ask = async (
  host: Host,
  root: string,
  owner: number,
  requests: readonly (readonly [kind: string, ...words: readonly string[]])[],
): Promise<string[][]> => {
  const input = requests.map((words) => `${words.join(' ')}\n`).join('');
  const { stdout } = await host.run(['perl', '-e', await filesProgram(), root, String(owner)], { input });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '));
};

const traitsOf = async (host: Host, root: string, owner: number): Promise<Traits> => {
  const folders = [keys, seeded, ...left.map(([folder]) => folder)];
  const answers = await ask(host, root, owner, [
    ...read.map((path) => ['file', hex(path)] as const),
    ...folders.map((folder) => ['list', hex(folder)] as const),
  ]);
  const files = new Map<string, string>();
  const names = new Map<string, string[]>();
  for (const [kind, path, value] of answers) {
    if (kind === 'file') files.set(text(path), text(value));
    else names.set(text(path), [...(names.get(text(path)) ?? []), text(value)]);
  }
  return { files, names };
};

const writing = ({ path, mode, content }: Written) => ['write', hex(path), mode.toString(8), hex(content)] as const;

/** Has a container that was made of what another one held, and has not been started, find itself by its name and addresses; it stays who that was. */
export const renameInside = async (
  host: Host,
  paths: Paths,
  { former, owner, ...identity }: Omit<Identity, 'seed'> & { readonly former: string; readonly owner: number },
): Promise<void> => {
  await mountContainerRoot(host, paths, identity.uuid);
  const root = containerRootPath(paths, identity.uuid);
  const naming = namingOf(await traitsOf(host, root, owner), identity, former);
  await ask(host, root, owner, naming.map(writing));
};

/**
 * Makes a container that was copied from another one, and has not been started, somebody else: its name, its machine's id, the
 * keys of its SSH server, and what it remembers of its network. `owner`: host id of its root. Repeatable; what it has not, it is not given.
 */
export const renewIdentity = async (
  host: Host,
  paths: Paths,
  { former, owner, ...identity }: Identity & { readonly former: string; readonly owner: number },
): Promise<void> => {
  await mountContainerRoot(host, paths, identity.uuid);
  const root = containerRootPath(paths, identity.uuid);
  const renewal = renewalOf(await traitsOf(host, root, owner), identity, former);
  const made = await Promise.all(
    renewal.keys.map(async (kind): Promise<Written[]> => {
      const key = await makeHostKey(kind, `root@${identity.name}`);
      const path = `${keys}/ssh_host_${kind}_key`;
      return [
        { path, mode: 0o600, content: key.private },
        { path: `${path}.pub`, mode: 0o644, content: key.public },
      ];
    }),
  );
  await ask(host, root, owner, [
    ...renewal.remove.map((path) => ['remove', hex(path)] as const),
    ...[...renewal.write, ...made.flat()].map(writing),
  ]);
};
