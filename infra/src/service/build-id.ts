import { createHash } from 'node:crypto';
import type { Host } from '@innkeeper/host';

const places = ['packages', 'services', 'infra'];
const single = ['package-lock.json', 'openapi.json'];

const isRun = (path: string): boolean => /\.(c?js|css|html|json|sh|pl|service)$/.test(path);

const listFiles = async (host: Host, root: string, path: string): Promise<string[]> => {
  const { stdout } = await host.run(
    [
      'find',
      ...places.map((place) => `${path}/${place}`),
      '-path',
      '*/dist/*',
      '-not',
      '-path',
      '*/node_modules/*',
      '-type',
      'f',
      '-print0',
    ],
    { expect: [0, 1] },
  );
  return stdout
    .split('\0')
    .filter(isRun)
    .map((file) => file.slice(root.length + 1))
    .sort();
};

/** A digest of the built files by content: a rebuild that changes nothing restarts nothing. */
export const buildId = async (host: Host, root: string): Promise<string> => {
  const hash = createHash('sha256');
  for (const file of [...single, ...(await listFiles(host, root, root))]) {
    const content = (await host.files.readTextIfThere(`${root}/${file}`)) ?? '';
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
};
