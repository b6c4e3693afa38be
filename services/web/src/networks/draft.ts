import type { NetworkMode, NetworkSpec, Problem } from '@innkeeper/model';

/** The form as it is typed; empty means what Innkeeper chooses. */
export interface NetworkDraft {
  readonly name: string;
  readonly mode: NetworkMode;
  readonly subnet: string;
  readonly bridge: string;
  /** Of mode macvtap: an interface of the host. */
  readonly link: string;
  readonly description: string;
}

export const emptyDraft: NetworkDraft = { name: '', mode: 'nat', subnet: '', bridge: '', link: '', description: '' };

/** Those whose addresses are given by what hosts are on. */
const isOfHosts = (mode: NetworkMode): boolean => mode === 'bridge' || mode === 'macvtap';

/** Only what the mode has. */
export const specOf = ({ mode, subnet, bridge, link, description }: NetworkDraft): NetworkSpec => ({
  mode,
  ...(isOfHosts(mode) || subnet.trim() === '' ? {} : { subnet: subnet.trim() }),
  ...(mode !== 'bridge' || bridge.trim() === '' ? {} : { bridge: bridge.trim() }),
  ...(mode !== 'macvtap' || link.trim() === '' ? {} : { link: link.trim() }),
  ...(description.trim() === '' ? {} : { description: description.trim() }),
});

/** What is wrong, by field; `name` for the network as a whole. */
export const fieldErrors = (problem: Problem | undefined, name: string): Readonly<Record<string, string>> => {
  const base = `networks.${name}`;
  return Object.fromEntries(
    (problem?.errors ?? []).map(({ path, message }) => {
      const inner = path.startsWith(base) ? path.slice(base.length) : path;
      return [inner.replace(/^\./, '') || 'name', message];
    }),
  );
};
