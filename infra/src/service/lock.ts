/** The part of package-lock.json (version 3) that says what is installed where. */
interface LockedPackage {
  /** For a link: the workspace it leads to. */
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface InstalledPackages {
  /** Directories of our own packages. */
  readonly workspaces: readonly string[];
  /** Directories under some node_modules, links among them. */
  readonly modules: readonly string[];
}

/** Node's own rule: `node_modules` of the directory itself, then of each one above. */
const resolve = (lock: Lock, from: string, name: string): string | undefined => {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    const candidate = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (lock.packages[candidate] !== undefined) return candidate;
    if (at === '') return undefined;
  }
};

const dependenciesOf = (entry: LockedPackage): string[] => [
  ...Object.keys(entry.dependencies ?? {}),
  ...Object.keys(entry.optionalDependencies ?? {}),
  ...Object.keys(entry.peerDependencies ?? {}).filter((name) => entry.peerDependenciesMeta?.[name]?.optional !== true),
];

/**
 * Everything that the given workspaces need to run. npm's own `dev` flags do not answer that: they count the page's
 * libraries as needed, which are inside its build already.
 */
export const installedPackages = (lock: Lock, roots: readonly string[]): InstalledPackages => {
  const workspaces = new Set<string>();
  const modules = new Set<string>();
  const open = [...roots];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const entry = lock.packages[at];
    const known = at.includes('node_modules/') ? modules : workspaces;
    if (entry === undefined || known.has(at)) continue;
    known.add(at);
    if (entry.link === true && entry.resolved !== undefined) open.push(entry.resolved);
    for (const name of dependenciesOf(entry)) {
      const found = resolve(lock, at, name);
      if (found !== undefined) open.push(found);
    }
  }
  return { workspaces: [...workspaces].sort(), modules: outermost([...modules].sort()) };
};

/** A module's own node_modules is copied with it. */
const outermost = (paths: readonly string[]): string[] =>
  paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
