/** sbin is where dnsmasq, mkfs and nft live; a service's PATH or a user's often lacks it. */
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What every program gets: its answers in English, whatever the caller's language, and nothing of the caller's secrets. */
export const minimalEnvironment = (added: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: path,
  LC_ALL: 'C.UTF-8',
  HOME: '/root',
  ...added,
});
