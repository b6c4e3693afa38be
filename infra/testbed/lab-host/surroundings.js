/**
 * What the machine needs to reach Debian's archive and npm from where it is built: the same archives, registry and
 * authorities that the building machine is set to, whatever they are.
 * @module
 */

const localAuthorities = '/usr/local/share/ca-certificates';

/** @typedef {{ readonly uri: string, readonly suites: readonly string[] }} Source */

/**
 * `deb [options] URI SUITE COMPONENT …`, see sources.list(5).
 * @param {string} line
 * @returns {Source[]}
 */
const oneLine = (line) => {
  const [, uri, suite] = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line) ?? [];
  return uri === undefined || suite === undefined ? [] : [{ uri, suites: [suite] }];
};

/**
 * A paragraph of deb822 style; only the first of several addresses is taken.
 * @param {string} block
 * @returns {Source[]}
 */
const paragraph = (block) => {
  const text = block.replace(/^#.*\n/gm, '');
  const [, uri] = /^URIs:\s*(\S+)/im.exec(text) ?? [];
  const [, suites] = /^Suites:\s*(.+)$/im.exec(text) ?? [];
  return uri === undefined || suites === undefined ? [] : [{ uri, suites: suites.trim().split(/\s+/) }];
};

/** @param {string} text of one file */
const readSources = (text) => [...text.split('\n').flatMap(oneLine), ...text.split(/\n\s*\n/).flatMap(paragraph)];

/**
 * Lines of sources.list for a suite, from the archives where another release of Debian is taken from; none where that is
 * not known: mmdebstrap then takes its own.
 * @param {string} suite
 * @param {string | undefined} own the building machine's release; undefined when it is no Debian
 * @param {readonly string[]} texts its files of sources
 */
export const sourcesFor = (suite, own, texts) => {
  const known = own === undefined ? [] : texts.flatMap(readSources);
  /** @param {string} name */
  const from = (name) => known.find(({ suites }) => suites.includes(name))?.uri;
  const [main, security] = [from(`${own}`), from(`${own}-security`)];
  if (main === undefined) return [];
  return [
    `deb ${main} ${suite} main`,
    `deb ${main} ${suite}-updates main`,
    ...(security === undefined ? [] : [`deb ${security} ${suite}-security main`]),
  ];
};

/** @param {string} release text of os-release(5) */
export const debianRelease = (release) =>
  /^ID=debian$/m.test(release) ? /^VERSION_CODENAME=(\S+)$/m.exec(release)?.[1] : undefined;

/** @param {import('@innkeeper/host').Host} host @param {string} folder @param {RegExp} names */
const textsIn = async (host, folder, names) => {
  const found = (await host.files.list(folder)).filter((name) => names.test(name)).sort();
  return Promise.all(found.map(async (name) => ({ name, text: await host.files.readText(`${folder}/${name}`) })));
};

/**
 * @param {import('@innkeeper/host').Host} host
 * @param {string} suite
 */
export const surroundings = async (host, suite) => {
  const list = (await host.files.readTextIfThere('/etc/apt/sources.list')) ?? '';
  const lists = await textsIn(host, '/etc/apt/sources.list.d', /\.(list|sources)$/);
  const own = debianRelease(await host.files.readText('/etc/os-release'));
  const registry = (await host.run(['npm', 'config', 'get', 'registry'])).stdout.trim();
  return {
    sources: sourcesFor(suite, own, [list, ...lists.map(({ text }) => text)]),
    npmrc: `registry=${registry}\n`,
    authorities: await textsIn(host, localAuthorities, /\.crt$/),
  };
};
