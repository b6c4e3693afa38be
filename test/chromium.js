/** The browser of the browser tests: Debian's package, installed when it is missing. Innkeeper itself needs none. @module */

export const chromium = process.env.INNKEEPER_TEST_CHROMIUM ?? '/usr/bin/chromium';

const aptOptions = ['-q', '-o', 'DPkg::Lock::Timeout=300'];
const apt = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 1_200_000 };

const onUbuntu =
  "Ubuntu has Chromium as a snap only, with a /tmp of its own where the tests' profile is not; " +
  'the browser tests run with another one when INNKEEPER_TEST_CHROMIUM names it, such as /usr/bin/google-chrome';

/**
 * Undefined when the browser is there, else why the browser tests cannot run.
 * @param {import('@innkeeper/host').Host} host
 * @returns {Promise<string | undefined>}
 */
export const ensureChromium = async (host) => {
  if ((await host.files.facts(chromium)) !== undefined) return undefined;
  if (process.env.INNKEEPER_TEST_CHROMIUM !== undefined) return `INNKEEPER_TEST_CHROMIUM: there is no ${chromium}`;
  if (/^ID(_LIKE)?=.*ubuntu/m.test(await host.files.readText('/etc/os-release'))) return onUbuntu;
  process.stdout.write('… chromium: the browser tests need it; installing, about a minute\n');
  await host.run(['apt-get', ...aptOptions, 'update'], apt);
  await host.run(['apt-get', ...aptOptions, '-y', '--no-install-recommends', 'install', '--', 'chromium'], apt);
  return undefined;
};
