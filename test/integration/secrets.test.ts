import { readdir, readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { createClient, exec } from '@innkeeper/client';
import { createLog } from '@innkeeper/control-plane';
import { openInventory } from '@innkeeper/inventory';
import { connect } from '@innkeeper/libvirt';
import type { WorkloadSpec } from '@innkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { broken, failOnce, host, type Installation, install, leftOnHost, paths } from './installation.ts';

/** In nothing else on this machine. */
const marked = `marked-${process.pid}-4e1f`;
const [container, machine] = ['test-op-container', 'test-op-machine'];

let innkeeper: Installation;
let log = '';
let token = '';
/** Command lines of all programs of this machine that had the mark in them while the test ran. */
const seen = new Set<string>();
const watching = new AbortController();

const spec = (memory: string, rest: Partial<WorkloadSpec>): WorkloadSpec => ({
  image: 'debian/12',
  memory,
  cloudInit: {
    userData: `#cloud-config\nchpasswd: {list: "root:${marked}"}\n`,
    files: [{ path: '/root/secret', content: marked }],
    commands: [`echo ${marked}`],
  },
  ...rest,
});

/** All of `ps`, again and again: a program that sees a secret may be there for a moment. */
const watchPrograms = async (): Promise<void> => {
  while (!watching.signal.aborted) {
    for (const id of await readdir('/proc')) {
      if (!/^\d+$/.test(id) || id === String(process.pid)) continue;
      const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
      if (line.includes(marked) || line.includes(token === '' ? marked : token)) seen.add(line.replaceAll('\0', ' '));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
};

const apply = async (name: string, what: WorkloadSpec) => innkeeper.finished(await innkeeper.client.put(name, what));

beforeAll(async () => {
  const destination = {
    write: (line: string) => {
      log += line;
    },
  };
  innkeeper = await install({ INNKEEPER_ACCELERATION: 'tcg' }, createLog('trace', destination));
  void watchPrograms();
  ({ token } = await innkeeper.client.createToken({ name: 'secretive', role: 'operator' }));
  expect((await apply(container, spec('128MiB', { backend: 'lxc' }))).state).toBe('done');
  // What changes a guest that runs writes its metadata by itself.
  expect((await apply(container, spec('192MiB', { backend: 'lxc' }))).state).toBe('done');
  expect((await apply(machine, spec('256MiB', { backend: 'kvm' }))).state).toBe('done');
});

afterAll(async () => {
  watching.abort();
  innkeeper.fault = () => undefined;
  for (const { name } of await innkeeper.client.workloads())
    if (name.startsWith('test-op')) await innkeeper.finished(await innkeeper.client.remove(name));
  expect(await leftOnHost()).toEqual([]);
  await innkeeper.stop();
});

/** Columns of the database, each as text and unpacked where it is, that hold one of the words. */
const columnsWith = async (...words: readonly string[]): Promise<string[]> => {
  const { db, close } = await openInventory(innkeeper.databaseUrl);
  const columns = await db.execute<{ place: string; of: string; name: string; type: string }>(
    `select format('%s.%s.%s', table_schema, table_name, column_name) as place, format('%I.%I', table_schema, table_name) as of,
       format('%I', column_name) as name, data_type as type from information_schema.columns
     where table_schema not in ('pg_catalog', 'information_schema')`,
  );
  const found: string[] = [];
  for (const { place, of, name, type } of columns) {
    const rows = await db.execute<{ value: string | null }>(
      type === 'bytea'
        ? `select encode(${name}, 'base64') as value from ${of}`
        : `select ${name}::text as value from ${of}`,
    );
    const texts = rows.map(({ value }) => {
      const bytes = type === 'bytea' ? Buffer.from(value ?? '', 'base64') : undefined;
      return bytes === undefined ? (value ?? '') : bytes.length === 0 ? '' : gunzipSync(bytes).toString('utf8');
    });
    if (texts.some((text) => words.some((word) => text.includes(word)))) found.push(place);
  }
  await close();
  return found;
};

describe('the secret of a first boot', () => {
  it('is in the database as the specification alone', async () => {
    expect(await columnsWith(marked)).toEqual(['innkeeper.workloads.spec']);
  });

  it('is in no definition of libvirt', async () => {
    for (const [uri, name] of [
      ['lxc:///system', container],
      ['qemu:///system', machine],
    ] as const) {
      const { id } = await innkeeper.client.workload(name);
      for (const inactive of [true, false]) {
        const xml = (await connect(host, uri).xml([id], { inactive })).get(id) ?? '';
        expect(xml).toContain('innkeeper');
        expect(xml).not.toContain(marked);
        expect(xml).not.toContain(Buffer.from(spec('1GiB', {}).cloudInit?.userData ?? '').toString('base64'));
      }
    }
  });

  it('is told to the guests, in files that no other user of the host reads', async () => {
    const [first, second] = [await innkeeper.client.workload(container), await innkeeper.client.workload(machine)];
    const seed = `${paths.state}/roots/${first.id}/upper/var/lib/cloud/seed/nocloud/user-data`;
    expect(await host.files.readText(seed)).toContain('multipart/mixed');
    const disks = `${paths.state}/disks/${second.id}`;
    for (const file of [seed, `${disks}/seed.iso`, `${disks}/root.qcow2`])
      expect({ file, mode: (await host.run(['stat', '-c', '%a', file])).stdout.trim() }).toEqual({ file, mode: '600' });
  });

  it('is in no entry of the audit log, nor shown to who only looks', async () => {
    expect(JSON.stringify(await innkeeper.client.audit({ limit: 1000 }))).not.toContain(marked);
    const viewer = await innkeeper.client.createToken({ name: 'looker', role: 'viewer' });
    const client = createClient({ socket: paths.socket, token: viewer.token });
    expect(JSON.stringify(await client.workload(container))).not.toContain(marked);
    expect(JSON.stringify(await client.plan({ workloads: { [container]: { image: 'debian/12' } } }))).not.toContain(
      marked,
    );
  });

  it('is in no error, whatever fails', async () => {
    failOnce(innkeeper, 'before define', broken);
    const failed = await apply(container, spec('224MiB', { backend: 'lxc' }));
    expect(JSON.stringify(failed)).not.toContain(marked);
    const bad = spec('224MiB', { backend: 'lxc', project: `x${'\0'}` });
    await expect(innkeeper.client.put(container, bad)).rejects.not.toThrow(marked);
  });
});

describe('the secret of a token', () => {
  it('is in the database as a hash alone', async () => expect(await columnsWith(token)).toEqual([]));

  it('is in no answer but the first', async () => {
    expect(JSON.stringify(await innkeeper.client.tokens())).not.toContain(token);
    await innkeeper.client.act(container, 'restart', { wait: '60s' });
    const stream = await exec(
      { socket: paths.socket, token },
      container,
      { command: ['env'] },
      { stdout: () => undefined, stderr: () => undefined },
    );
    expect(await stream.exit).toEqual({ code: 0 });
  });
});

it('neither was in the log of the control plane or in a list of processes', () => {
  expect(log).toContain('innkeeper is up');
  expect(log).not.toContain(marked);
  expect(log).not.toContain(token);
  expect([...seen]).toEqual([]);
});
