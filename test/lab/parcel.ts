import { findImage, pathsUnder } from '@innkeeper/model';
import { imageStore } from '@innkeeper/storage';
import { build } from 'rolldown';
import { firstPort, host, root } from './lab-host.ts';
import { makeSmallImage } from './small-image.ts';

/** What the machine gets along on its second disk: transport over ssh and npm would both be emulated. */
export const folder = `/tmp/innkeeper-test-lab-${firstPort}`;
const imageCache = process.env.INNKEEPER_IMAGE_CACHE ?? '/var/cache/innkeeper-images';
const minutes = 60_000;

/** The first account that useradd makes. */
const keeperUid = 1000;

/** Built here unless it is there: under emulation that takes a quarter of an hour. */
const addImage = async (): Promise<void> => {
  const image = findImage('debian/12');
  if (image === undefined) throw new Error('no image debian/12');
  const paths = pathsUnder(`${folder}-image`);
  await host.run(['mkdir', '-p', '--', paths.state, `${folder}/images`, `${folder}/small`]);
  const { key, rootfs } = await imageStore(host, { paths, cache: imageCache }).rootfs(image);
  await makeSmallImage(rootfs, `${folder}/small/${key}.tar`);
  await host.files.remove(paths.prefix);
  await host.run(['sh', '-c', 'cp -- "$1"/*.tar "$2"', 'sh', imageCache, `${folder}/images`]);
};

/** The committed state, as git would clone it from anywhere. */
const addBundle = (): Promise<unknown> =>
  host.run(['git', 'bundle', 'create', '-q', `${folder}/innkeeper.bundle`, 'HEAD'], { cwd: root });

/** Beside the packages it needs. */
export const conformanceProgram = 'conformance-inside.mjs';

/** The suite in one file, on the packages as they are built. */
const addConformance = async (tree: string): Promise<void> => {
  await build({
    input: `${root}/test/lab/inside.ts`,
    platform: 'node',
    external: (id) => !/^[./]/.test(id),
    output: { file: `${tree}/test/${conformanceProgram}`, format: 'esm' },
    logLevel: 'silent',
  });
};

const copyScript = `
set -eu
cd "$1"
{
  git ls-files -z | while IFS= read -r -d '' file; do test ! -e "$file" || printf '%s\\0' "$file"; done
  find node_modules packages services infra test '(' -name node_modules -o -name dist ')' -prune -print0
} | tar -c --null -T - | tar -x -C "$2"
# File systems keep time more or less exactly, and a build is taken for old when a source's time has changed.
find "$2" -path "$2/node_modules" -prune -o -type f -exec touch -d "@$4" {} +
touch -d "@$4" "$2/node_modules/.package-lock.json"
chown -R "$3:$3" "$2"
`;
const evaluate = [process.execPath, '--input-type=module', '--eval'];
/** Nothing where it is built: others may be running what is there. */
const buildScript = `
import { prepare } from './prepare.js';
prepare('../..', () => {});
`;
const stampScript = `
import { writeFileSync } from 'node:fs';
import { sourceDigest } from './prepare.js';
writeFileSync('../dist/.sources', sourceDigest('../..'));
`;

/** The tree as it lies here with its libraries and its build, also what is not committed. */
const addTree = async (): Promise<void> => {
  const tree = `${folder}/clone`;
  const inBin = { cwd: `${root}/infra/bin`, timeoutMs: 5 * minutes };
  await host.run([...evaluate, buildScript], inBin);
  await host.run(['mkdir', '-p', '--', tree]);
  const now = String(Math.floor(Date.now() / 1000));
  await host.run(['bash', '-c', copyScript, 'bash', root, tree, String(keeperUid), now], { timeoutMs: 5 * minutes });
  await addConformance(tree);
  await host.run([...evaluate, stampScript], { cwd: `${tree}/infra/bin` });
};

const manifest = `workloads:
  wiki: { image: debian/12, backend: lxc, memory: 1GiB, networks: [{ ports: ['8080:80'] }] }
`;

/** {@link removeParcel} takes it away. */
export const makeParcel = async (content: 'bundle' | 'tree'): Promise<void> => {
  await removeParcel();
  await addImage();
  await host.files.write(`${folder}/wiki.yaml`, manifest, 0o644);
  await (content === 'bundle' ? addBundle() : addTree());
};

export const removeParcel = (): Promise<void> => host.files.remove(folder);
