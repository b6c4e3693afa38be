/** Node for a release whose own is too old: that of the building machine, where its user would take another source. @module */

/** @typedef {import('@innkeeper/host').Host} Host */

const local = '/usr/local';

/** @param {Host} host @param {string} tree */
export const copyNode = async (host, tree) => {
  const modules = (await host.run(['npm', 'root', '--global'])).stdout.trim();
  await host.run(['install', '-D', '-m', '0755', '--', process.execPath, `${tree}${local}/bin/node`]);
  await host.run(['mkdir', '-p', '--', `${tree}${local}/lib/node_modules`]);
  await host.run(['cp', '-r', '--', `${modules}/npm`, `${tree}${local}/lib/node_modules/`]);
  for (const name of ['npm', 'npx']) {
    const link = `../lib/node_modules/npm/bin/${name}-cli.js`;
    await host.run(['ln', '-s', '--', link, `${tree}${local}/bin/${name}`]);
  }
  try {
    await host.run(['chroot', tree, `${local}/bin/npm`, '--version']);
  } catch (cause) {
    throw new Error('Node of this machine does not run there; build it with one from nodejs.org or NodeSource', {
      cause,
    });
  }
};
