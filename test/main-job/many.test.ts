import type { WorkloadView } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, installedAs } from '../installed.ts';

const { installation, inn, setUp } = installedAs({ name: 'many', listen: 'off' });

/** As many as set-up raises the kernel's limits for: with its own, about a dozen start. */
const names = Array.from({ length: 40 }, (_, index) => `test-many-${index + 1}`);
const atOnce = 4;

const inAll = async (...command: readonly string[]): Promise<string[]> => {
  const found: string[] = [];
  for (let start = 0; start < names.length; start += atOnce) {
    const some = names.slice(start, start + atOnce).map((name) => inn('exec', name, '--', ...command));
    found.push(...(await Promise.all(some)).map(({ stdout }) => stdout.trim()));
  }
  return found;
};

describe('forty containers with systemd side by side', () => {
  beforeAll(async () => {
    await setUp('down', '--purge', '--yes');
    const up = await setUp('up', '--yes', '--no-lab');
    expect(up.exitCode, up.stderr).toBe(0);
    const [{ name }] = JSON.parse((await inn('host', 'ls', '-o', 'json')).stdout) as [{ readonly name: string }];
    await inn('host', 'set', name, '--cpu-ratio', '64');
  });

  afterAll(async () => {
    await setUp('down', '--purge', '--yes');
  });

  it('are all up, each in its own ids, and none has a unit that failed', async () => {
    const manifest = `${installation.INNKEEPER_PREFIX}/many.yaml`;
    const lines = names.map((name) => `  ${name}: { image: debian/12, memory: 128MiB }\n`);
    await host.files.write(manifest, `workloads:\n${lines.join('')}`);
    const applied = await inn('apply', '-f', manifest);
    expect(applied.exitCode, applied.stderr).toBe(0);
    expect([...new Set(await inAll('systemctl', 'is-system-running', '--wait'))]).toEqual(['running']);
    expect((await inAll('systemctl', '--failed', '--no-legend')).filter((text) => text !== '')).toEqual([]);
    expect(new Set(await inAll('cat', '/proc/self/uid_map')).size).toBe(names.length);
  });

  it('are listed with what each uses, and leave nothing when they are removed', async () => {
    const views = JSON.parse((await inn('ls', '-o', 'json')).stdout) as WorkloadView[];
    const ours = views.filter(({ name }) => names.includes(name));
    expect(ours.filter(({ state }) => state === 'running')).toHaveLength(names.length);
    for (const { stats } of ours) expect(stats?.memoryBytes).toBeGreaterThan(1_000_000);
    expect((await inn('rm', ...names)).exitCode).toBe(0);
    const state = `${installation.INNKEEPER_PREFIX}/var/lib/innkeeper`;
    expect(await host.files.list(`${state}/roots`)).toEqual([]);
    expect(await host.files.readText('/proc/self/mountinfo')).not.toContain(state);
  });
});
