import { InnkeeperError } from '@innkeeper/model';
import type { Virsh } from './virsh.ts';
import { checkedNamespace, checkedPrefix, checkedUuid } from './words.ts';
import { childNamed, textOf } from './xml/query.ts';
import { parseXml } from './xml/tree.ts';

export interface MetadataElement {
  /** The namespace that tells whose element it is. */
  readonly uri: string;
  /** The prefix libvirt writes it with. */
  readonly key: string;
  /** One element, without prefix and namespace: libvirt adds both. At most 100 KiB. */
  readonly xml: string;
}

/**
 * `live` changes the running domain, `config` what the next start uses: two calls, since libvirt keeps two
 * definitions.
 */
export type Scope = 'live' | 'config';

/** `acpi` and `agent` are for virtual machines, `initctl` and `signal` for containers. */
export type ShutdownMode = 'acpi' | 'agent' | 'initctl' | 'signal';

export interface UndefineOptions {
  /** True removes the UEFI variables, false keeps them; libvirt refuses a domain that has some when nothing is said. */
  readonly nvram?: boolean;
  /** True removes the TPM's state, false keeps it. Default: as libvirt's XML says. */
  readonly tpm?: boolean;
  /** Removes a saved memory image, without which libvirt refuses a domain that has one. */
  readonly managedSave?: boolean;
  /** Forgets snapshots that somebody else made with libvirt, without which libvirt refuses. */
  readonly snapshotsMetadata?: boolean;
}

export interface Screenshot {
  readonly bytes: Uint8Array;
  /** Media type by content: `image/png` or `image/x-portable-pixmap`. */
  readonly type: string;
}

/**
 * One virsh command each. Errors: `not_found` (no such domain), `conflict` (see `virshKind`: `already_running`,
 * `not_running`, `exists`), `transient`, `unsupported`, `host_error`; `invalid` for what is refused before virsh is asked. After a time limit
 * (`transient`) the daemon may still do what it was asked: look before asking again.
 */
export interface DomainChanges {
  /**
   * Defines or redefines a persistent domain. The XML has to name its UUID, else asking twice would not be asking
   * once. `validate` (default true) checks libvirt's schema first.
   */
  define(xml: string, options?: { readonly validate?: boolean }): Promise<void>;
  start(uuid: string, options?: { readonly paused?: boolean }): Promise<void>;
  /** Asks the guest to stop; returns when it was asked, not when it has stopped. */
  shutdown(uuid: string, mode?: ShutdownMode): Promise<void>;
  /** Stops at once, as by pulling the plug. `graceful` lets QEMU flush its disks and fails rather than kill it. */
  destroy(uuid: string, options?: { readonly graceful?: boolean }): Promise<void>;
  suspend(uuid: string): Promise<void>;
  resume(uuid: string): Promise<void>;
  undefine(uuid: string, options?: UndefineOptions): Promise<void>;
  /** Of a domain that does not run. QEMU's driver only. */
  rename(uuid: string, to: string): Promise<void>;
  setAutostart(uuid: string, on: boolean): Promise<void>;
  setMetadata(uuid: string, element: MetadataElement, scope: Scope): Promise<void>;
  /** Nothing there is success. */
  removeMetadata(uuid: string, uri: string, scope: Scope): Promise<void>;
  /** Device XML; `conflict` or `host_error` as libvirt decides. */
  attachDevice(uuid: string, xml: string, scopes: readonly Scope[]): Promise<void>;
  detachDevice(uuid: string, xml: string, scopes: readonly Scope[]): Promise<void>;
  updateDevice(uuid: string, xml: string, scopes: readonly Scope[]): Promise<void>;
  /** Memory the guest may use now (balloon, or memory.max of a container), in bytes, rounded down to KiB. */
  setMemory(uuid: string, bytes: number, scopes: readonly Scope[]): Promise<void>;
  /** The most memory that the kernel gives a running container, in bytes; refused below what it uses. */
  setMemoryLimit(uuid: string, bytes: number): Promise<void>;
  /** Processor time of a running guest: µs of each period of 100 ms, and the share where processors are short. */
  setScheduler(uuid: string, values: { readonly quota?: number; readonly shares?: number }): Promise<void>;
  /**
   * Virtual processors of a running machine, at most what it was started with as its maximum. Throws when the guest does not let
   * go of one in five seconds; it may do that later.
   */
  setProcessors(uuid: string, count: number): Promise<void>;
  /** Processors of the host (`0-3,6`; `r` for all) that one virtual processor, or QEMU's own threads, run on from now on. */
  pinProcessor(uuid: string, vcpu: number | 'emulator', cpus: string): Promise<void>;
  /** Averages in kilobytes a second for an interface of a running machine, by its MAC; 0 ends a limit. */
  limitInterface(uuid: string, mac: string, kilobytes: number): Promise<void>;
  /** Grows a disk of a running machine. */
  resizeDisk(uuid: string, target: string, bytes: number): Promise<void>;
  /**
   * Asks the agent inside a machine (https://qemu-project.gitlab.io/qemu/interop/qemu-ga-ref.html); returns its answer.
   * Throws `transient` (`agent_silent`) when there is none or it does not answer within ten seconds.
   */
  agentCommand(uuid: string, command: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Keys pressed together, by their Linux names such as KEY_LEFTCTRL. */
  sendKeys(uuid: string, keys: readonly string[]): Promise<void>;
  screenshot(uuid: string): Promise<Screenshot>;
}

/** One argument ends at 128 KiB (MAX_ARG_STRLEN), and what a shell of ssh quotes grows. */
const largestMetadata = 100 * 1024;

/** Screens come as PNG from QEMU ≥ 7.1 and as PPM before. */
const mediaType = (bytes: Uint8Array): string => {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
  if (start === '\x89PNG') return 'image/png';
  return start.startsWith('P6') ? 'image/x-portable-pixmap' : 'application/octet-stream';
};

const switchFor = (value: boolean | undefined, name: string): string[] =>
  value === undefined ? [] : [value ? `--${name}` : `--keep-${name}`];

const scopeOptions = (scopes: readonly Scope[]): string[] => {
  if (scopes.length === 0) throw new InnkeeperError('internal', 'A change of a domain needs a scope');
  return [...new Set(scopes)].map((scope) => `--${scope}`);
};

const whole = (xml: string): string => {
  parseXml(xml);
  return xml;
};

const identity = (xml: string): { readonly uuid: string; readonly name: string } => {
  const { root } = parseXml(xml);
  const [uuid, name] = [textOf(childNamed(root, 'uuid')), textOf(childNamed(root, 'name'))];
  if (uuid === undefined || name === undefined)
    throw new InnkeeperError('invalid', 'A domain is only defined with a name and a UUID');
  return { uuid: checkedUuid(uuid), name };
};

export const domainChanges = (virsh: Virsh): DomainChanges => {
  const act = async (doing: string, uuid: string, args: readonly string[]): Promise<void> => {
    const [command = '', ...rest] = args;
    const checked = checkedUuid(uuid);
    await virsh.run(`${doing} domain ${checked}`, [command, '--domain', checked, ...rest]);
  };
  const device = async (
    doing: string,
    command: string,
    uuid: string,
    xml: string,
    scopes: readonly Scope[],
  ): Promise<void> => {
    const checked = checkedUuid(uuid);
    const args = [command, '--domain', checked, ...scopeOptions(scopes)];
    await virsh.runWithFile(`${doing} domain ${checked}`, args, whole(xml));
  };
  return {
    define: async (xml, options = {}) => {
      const { uuid, name } = identity(xml);
      const validate = options.validate === false ? [] : ['--validate'];
      await virsh.runWithFile(`define domain ${name} ${uuid}`, ['define', ...validate], xml);
    },
    start: (uuid, options = {}) => act('start', uuid, ['start', ...(options.paused === true ? ['--paused'] : [])]),
    shutdown: (uuid, mode) => act('shut down', uuid, ['shutdown', ...(mode === undefined ? [] : ['--mode', mode])]),
    destroy: (uuid, options = {}) =>
      act('stop', uuid, ['destroy', ...(options.graceful === true ? ['--graceful'] : [])]),
    suspend: (uuid) => act('pause', uuid, ['suspend']),
    resume: (uuid) => act('resume', uuid, ['resume']),
    undefine: (uuid, options = {}) =>
      act('undefine', uuid, [
        'undefine',
        ...switchFor(options.nvram, 'nvram'),
        ...switchFor(options.tpm, 'tpm'),
        ...(options.managedSave === true ? ['--managed-save'] : []),
        ...(options.snapshotsMetadata === true ? ['--snapshots-metadata'] : []),
      ]),
    rename: (uuid, to) => act('rename', uuid, ['domrename', '--new-name', to]),
    setAutostart: (uuid, on) => act('set the autostart of', uuid, ['autostart', ...(on ? [] : ['--disable'])]),
    setMetadata: async (uuid, { uri, key, xml }, scope) => {
      if (Buffer.byteLength(xml) > largestMetadata) {
        throw new InnkeeperError('too_large', `Metadata of domain ${checkedUuid(uuid)} is larger than 100 KiB`);
      }
      const named = ['--uri', checkedNamespace(uri), '--key', checkedPrefix(key)];
      await act('write the metadata of', uuid, ['metadata', ...named, '--set', whole(xml), `--${scope}`]);
    },
    removeMetadata: (uuid, uri, scope) =>
      act('remove the metadata of', uuid, ['metadata', '--uri', checkedNamespace(uri), '--remove', `--${scope}`]),
    attachDevice: (uuid, xml, scopes) => device('attach a device to', 'attach-device', uuid, xml, scopes),
    detachDevice: (uuid, xml, scopes) => device('detach a device from', 'detach-device', uuid, xml, scopes),
    updateDevice: (uuid, xml, scopes) => device('change a device of', 'update-device', uuid, xml, scopes),
    setMemory: (uuid, bytes, scopes) =>
      act('set the memory of', uuid, ['setmem', '--size', String(Math.floor(bytes / 1024)), ...scopeOptions(scopes)]),
    setMemoryLimit: (uuid, bytes) =>
      act('limit the memory of', uuid, ['memtune', '--hard-limit', String(Math.floor(bytes / 1024)), '--live']),
    setScheduler: (uuid, { quota, shares }) =>
      act('set the processor time of', uuid, [
        'schedinfo',
        '--live',
        ...(quota === undefined ? [] : [`vcpu_quota=${Math.round(quota)}`]),
        ...(shares === undefined ? [] : [`cpu_shares=${Math.round(shares)}`]),
      ]),
    setProcessors: (uuid, count) =>
      act('set the processors of', uuid, ['setvcpus', '--count', String(Math.floor(count)), '--live']),
    pinProcessor: (uuid, vcpu, cpus) => {
      if (!/^(r|[0-9,-]+)$/.test(cpus))
        throw new InnkeeperError('invalid', `"${cpus.slice(0, 60)}" is no list of processors`);
      const which = vcpu === 'emulator' ? ['emulatorpin'] : ['vcpupin', '--vcpu', String(vcpu)];
      return act('pin', uuid, [...which, '--cpulist', cpus, '--live']);
    },
    limitInterface: (uuid, mac, kilobytes) =>
      act('limit an interface of', uuid, [
        'domiftune',
        '--interface',
        mac,
        '--inbound',
        String(kilobytes),
        '--outbound',
        String(kilobytes),
        '--live',
      ]),
    resizeDisk: (uuid, target, bytes) =>
      act('grow a disk of', uuid, ['blockresize', '--path', target, '--size', `${Math.floor(bytes)}B`]),
    agentCommand: async (uuid, command, args) => {
      const checked = checkedUuid(uuid);
      // As \u0027 a quote is the same to the agent, and fits on a line of virsh.
      const message = JSON.stringify({ execute: command, arguments: args }).replaceAll("'", '\\u0027');
      const words = ['qemu-agent-command', '--domain', checked, '--timeout', '10', '--cmd', message];
      const answer = await virsh.run(`ask the agent of domain ${checked} for ${command}`, words, { timeoutMs: 15_000 });
      return (JSON.parse(answer) as { readonly return: unknown }).return;
    },
    sendKeys: async (uuid, keys) => {
      const odd = keys.find((key) => !/^KEY_[A-Z0-9]+$/.test(key));
      if (odd !== undefined || keys.length === 0)
        throw new InnkeeperError('invalid', `"${odd ?? ''}" is not the name of a key, such as KEY_ENTER`);
      await act('press keys of', uuid, ['send-key', ...keys]);
    },
    screenshot: async (uuid) => {
      const checked = checkedUuid(uuid);
      const bytes = await virsh.runForFile(`take a picture of the screen of domain ${checked}`, [
        'screenshot',
        '--domain',
        checked,
      ]);
      return { bytes, type: mediaType(bytes) };
    },
  };
};
