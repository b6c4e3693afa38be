import type { Command } from 'commander';

/** Commands that are loaded together. */
interface Part {
  /** Their names and aliases. */
  readonly names: readonly string[];
  readonly load: () => Promise<(program: Command) => void>;
}

/** Every command, in the order of help. */
export const parts: readonly Part[] = [
  {
    names: ['ls', 'list', 'show', 'doctor', 'events'],
    load: async () => (await import('./commands/inspect.ts')).addInspection,
  },
  { names: ['top'], load: async () => (await import('./commands/top.ts')).addTop },
  { names: ['apply', 'plan', 'schema'], load: async () => (await import('./commands/manifest.ts')).addManifests },
  { names: ['run'], load: async () => (await import('./commands/run.ts')).addRun },
  {
    names: ['start', 'stop', 'restart', 'pause', 'resume', 'rm', 'remove', 'rename', 'clone'],
    load: async () => (await import('./commands/change.ts')).addChanges,
  },
  {
    names: ['snapshot', 'restore'],
    load: async () => (await import('./commands/snapshots.ts')).addSnapshots,
  },
  { names: ['backup'], load: async () => (await import('./commands/backups.ts')).addBackups },
  { names: ['adopt', 'release'], load: async () => (await import('./commands/adopt.ts')).addAdoption },
  { names: ['recover'], load: async () => (await import('./commands/recover.ts')).addRecovery },
  { names: ['diff'], load: async () => (await import('./commands/diff.ts')).addDiff },
  { names: ['dump'], load: async () => (await import('./commands/dumps.ts')).addDumps },
  { names: ['convert'], load: async () => (await import('./commands/convert.ts')).addConversion },
  { names: ['exec', 'shell', 'console'], load: async () => (await import('./commands/terminals.ts')).addTerminals },
  { names: ['operation', 'op'], load: async () => (await import('./commands/operations.ts')).addOperations },
  {
    names: ['cp', 'screenshot', 'view', 'keys'],
    load: async () => (await import('./commands/files.ts')).addFiles,
  },
  { names: ['logs'], load: async () => (await import('./commands/logs.ts')).addLogs },
  {
    names: ['explain', 'why-not', 'placement', 'capacity', 'rebalance'],
    load: async () => (await import('./commands/placement.ts')).addPlacement,
  },
  { names: ['network'], load: async () => (await import('./commands/networks.ts')).addNetworks },
  { names: ['rule'], load: async () => (await import('./commands/rules.ts')).addRules },
  { names: ['pool'], load: async () => (await import('./commands/pools.ts')).addPools },
  { names: ['host'], load: async () => (await import('./commands/hosts.ts')).addHosts },
  { names: ['token', 'audit', 'whoami'], load: async () => (await import('./commands/access.ts')).addAccess },
  { names: ['image'], load: async () => (await import('./commands/images.ts')).addImages },
  { names: ['completion'], load: async () => (await import('./commands/completion.ts')).addCompletion },
  { names: ['up', 'down'], load: async () => (await import('./commands/set-up.ts')).addSetUp },
];

const ofVersion = ['-V', '--version'];

/** What a command line needs: the part of its command; every part for help and for what is no command. */
export const partsFor = (word: string | undefined): readonly Part[] => {
  if (word === undefined) return parts;
  if (ofVersion.includes(word)) return [];
  const part = parts.find(({ names }) => names.includes(word));
  return part === undefined ? parts : [part];
};
