import type { NetworkMode, NetworkSpec, Problem } from '@innkeeper/model';

/** The form as it is typed; empty means what Innkeeper chooses. */
export interface NetworkDraft {
  readonly name: string;
  readonly mode: NetworkMode;
  readonly subnet: string;
  readonly bridge: string;
  readonly description: string;
}

export const emptyDraft: NetworkDraft = { name: '', mode: 'nat', subnet: '', bridge: '', description: '' };

/** Only what the mode has: a bridge gives its addresses itself. */
export const specOf = ({ mode, subnet, bridge, description }: NetworkDraft): NetworkSpec => ({
  mode,
  ...(mode === 'bridge' || subnet.trim() === '' ? {} : { subnet: subnet.trim() }),
  ...(mode !== 'bridge' || bridge.trim() === '' ? {} : { bridge: bridge.trim() }),
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
