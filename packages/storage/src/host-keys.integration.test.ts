import { localHost } from '@innkeeper/host';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hostKeyKinds, makeHostKey } from './host-keys.ts';

const host = localHost('keys');
const folder = '/tmp/innkeeper-test-host-keys';

beforeAll(() => host.files.makeDirectory(folder, 0o700));
afterAll(() => host.files.remove(folder));

it.each(hostKeyKinds)('makes keys of the kind %s that ssh-keygen reads, with their public half', async (kind) => {
  // Numbers whose first byte is zero or has its first bit set are rare enough to be missed by one.
  for (let round = 0; round < (kind === 'rsa' ? 3 : 40); round += 1) {
    const key = await makeHostKey(kind, 'root@web');
    const file = `${folder}/key`;
    await host.files.write(file, key.private, 0o600);
    const { stdout } = await host.run(['ssh-keygen', '-y', '-f', file]);
    expect(stdout.trim()).toBe(key.public.trim());
    const signed = ['ssh-keygen', '-Y', 'sign', '-n', 'test', '-q', '-f', file];
    const { stdout: signature } = await host.run(signed, { input: 'text' });
    await host.files.write(`${file}.sig`, signature);
    await host.files.write(`${folder}/allowed`, `web ${key.public}`);
    const check = [
      'ssh-keygen',
      '-Y',
      'verify',
      '-n',
      'test',
      '-I',
      'web',
      '-f',
      `${folder}/allowed`,
      '-s',
      `${file}.sig`,
    ];
    await host.run(check, { input: 'text' });
  }
});
