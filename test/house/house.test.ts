import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const longestFile = 300;
const oldestNode = '20.19.0';

const readJson = <T>(path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T;

interface Package {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Room {
  readonly folder: string;
  readonly name: string;
  readonly floor: number;
  readonly dependencies: readonly string[];
}

interface Source {
  readonly path: string;
  readonly text: string;
  /** What it imports, as written. */
  readonly imports: readonly string[];
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name === 'dist') return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });

const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path);

/** `from 'x'`, `import 'x'`, `import('x')` and `require('x')`; comments hold none of these in this repository. */
const importPattern = /(?:\bfrom\s+|\bimport\s+|\bimport\s*\(\s*|\brequire\s*\(\s*)(['"])([^'"\n]+)\1/g;

const sourcesBelow = (folder: string, names: RegExp): Source[] =>
  filesBelow(join(root, folder))
    .filter((path) => names.test(path) && !isTest(path))
    .map((path) => {
      const text = readFileSync(path, 'utf8');
      return {
        path: relative(root, path),
        text,
        imports: [...text.matchAll(importPattern)].map((match) => match[2] as string),
      };
    });

const floorOf = (folder: string): number => {
  const { tags } = readJson<{ tags: string[] }>(`${folder}/turbo.json`);
  const floor = tags.map((tag) => /^floor-(\d+)$/.exec(tag)?.[1]).find((found) => found !== undefined);
  if (floor === undefined) throw new Error(`${folder}/turbo.json has no tag floor-N`);
  return Number(floor);
};

const roomFolders = ['packages', 'services'].flatMap((group) =>
  readdirSync(join(root, group))
    .map((name) => `${group}/${name}`)
    .filter((folder) => existsSync(join(root, folder, 'package.json'))),
);

const rooms: readonly Room[] = [...roomFolders, 'infra'].map((folder) => {
  const { name, dependencies = {} } = readJson<Package>(`${folder}/package.json`);
  return { folder, name, floor: floorOf(folder), dependencies: Object.keys(dependencies) };
});

const sourcesOf = ({ folder }: Room): Source[] => sourcesBelow(`${folder}/src`, /\.tsx?$/);
const everySource = rooms.flatMap(sourcesOf);

/** `@scope/name/deep` → `@scope/name`; nothing for relative paths and Node's own modules. */
const packageOf = (specifier: string): string | undefined => {
  if (/^[./]/.test(specifier) || isBuiltin(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
};

const packagesOf = ({ imports }: Source): string[] => imports.flatMap((specifier) => packageOf(specifier) ?? []);

/** Files outside a folder that import one of the packages. */
const strangers = (packages: readonly string[], homes: readonly string[]): string[] =>
  everySource
    .filter(
      ({ path, imports }) =>
        !homes.some((home) => path.startsWith(`${home}/`)) &&
        imports.some((specifier) => packages.includes(packageOf(specifier) ?? specifier)),
    )
    .map(({ path }) => path);

describe('the rooms of the house', () => {
  it('are found with their sources', () => {
    expect(rooms.length).toBeGreaterThan(10);
    expect(everySource.length).toBeGreaterThan(100);
    expect(everySource.flatMap(packagesOf)).toContain('@innkeeper/model');
  });

  it.each(rooms)('$folder declares every package that it imports', (room) => {
    const undeclared = sourcesOf(room).flatMap((source) =>
      packagesOf(source)
        .filter((name) => !room.dependencies.includes(name))
        .map((name) => `${source.path} imports ${name}`),
    );
    expect(undeclared).toEqual([]);
  });

  // Set-up asks the API over the client, and the command starts set-up: two neighbours of floor 7 that know each other.
  const neighbours: readonly (readonly [string, string])[] = [
    ['@innkeeper/infra', '@innkeeper/client'],
    ['@innkeeper/infra', '@innkeeper/cli'],
    ['@innkeeper/cli', '@innkeeper/infra'],
  ];

  it.each(rooms)('$folder imports rooms of lower floors only', (room) => {
    const wrong = sourcesOf(room).flatMap((source) =>
      packagesOf(source).flatMap((name) => {
        const other = rooms.find((one) => one.name === name);
        if (other === undefined || other.floor < room.floor) return [];
        if (neighbours.some(([from, to]) => from === room.name && to === name)) return [];
        return [`${source.path} (floor ${room.floor}) imports ${name} (floor ${other.floor})`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it.each(rooms)('$folder imports no file of another room by its path', (room) => {
    const outside = sourcesOf(room).flatMap(({ path, imports }) =>
      imports
        .filter((one) => one.startsWith('.') && !join(path, '..', one).startsWith(`${room.folder}/`))
        .map((one) => `${path} imports ${one}`),
    );
    expect(outside).toEqual([]);
  });
});

describe('what only one room may know', () => {
  it('is hono for the control plane', () => {
    expect(strangers(['hono', '@hono/node-server', '@hono/zod-openapi'], ['services/control-plane'])).toEqual([]);
  });

  it('is the database for the inventory', () => {
    expect(strangers(['drizzle-orm', 'postgres', 'pg', 'graphile-worker'], ['packages/inventory'])).toEqual([]);
  });

  it('is starting programs for the host', () => {
    const inSources = strangers(
      ['execa', 'node:child_process', 'child_process', '@lydell/node-pty'],
      ['packages/host'],
    );
    expect(inSources).toEqual([]);
  });

  it('is starting programs for what runs before anything is installed, and no other script', () => {
    const scripts = [...rooms.map(({ folder }) => `${folder}/bin`), 'test'].filter((folder) =>
      existsSync(join(root, folder)),
    );
    const starting = scripts
      .filter((folder) => folder !== 'test')
      .flatMap((folder) => sourcesBelow(folder, /\.(js|ts)$/))
      .filter(({ imports }) => imports.some((one) => /^(node:)?child_process$|^execa$/.test(one)));
    expect(starting.map(({ path }) => path).filter((path) => !path.startsWith('infra/bin/'))).toEqual([]);
  });

  it('is virsh for libvirt and for setting libvirt up', () => {
    const naming = everySource.filter(({ text }) => /(['"`])virsh\1/.test(text)).map(({ path }) => path);
    expect(naming.filter((path) => !/^(packages\/libvirt|infra)\//.test(path))).toEqual([]);
    expect(naming).toContain('packages/libvirt/src/virsh.ts');
  });
});

describe('a source file', () => {
  it(`has at most ${longestFile} lines`, () => {
    const sources = [...everySource, ...sourcesBelow('test', /\.tsx?$/)];
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > longestFile);
    expect(long.map(({ path, lines }) => `${path} has ${lines}`)).toEqual([]);
  });
});

type Version = readonly [number, number, number];

const versionOf = (text: string): { version: Version; given: number } => {
  const parts = text
    .replace(/^v/, '')
    .split('.')
    .filter((part) => /^\d+$/.test(part))
    .map(Number);
  const [major = 0, minor = 0, patch = 0] = parts;
  return { version: [major, minor, patch], given: parts.length };
};

const compare = (a: Version, b: Version): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

const sameUpTo = (a: Version, b: Version, places: number): boolean =>
  a.slice(0, places).every((part, at) => part === b[at]);

/** One comparator: `>=18`, `^20.19.0`, `~20.19`, `20`, `6.*`, `20.x`, `*`. */
const meets = (node: Version, comparator: string): boolean => {
  const [, operator, text] = /^(>=|<=|>|<|\^|~|=)?(.*)$/.exec(comparator) as unknown as [
    string,
    string | undefined,
    string,
  ];
  if (!/^v?(\d+|[x*])(\.(\d+|[x*])){0,2}$/.test(text))
    throw new Error(`a range that this test cannot read: ${comparator}`);
  const { version, given } = versionOf(text);
  const order = compare(node, version);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0 || sameUpTo(node, version, given);
    case '>':
      return order > 0 && (given === 3 || !sameUpTo(node, version, given));
    case '<':
      return order < 0;
    case '^':
      return order >= 0 && node[0] === version[0];
    case '~':
      return order >= 0 && sameUpTo(node, version, Math.min(2, given));
    default:
      return sameUpTo(node, version, given);
  }
};

/** Whether a range of npm accepts a version: alternatives of `||`, each a list of comparators. */
const accepts = (range: string, node: string): boolean =>
  range.split('||').some((part) => {
    const [, low, high] = /^\s*(\S+)\s+-\s+(\S+)\s*$/.exec(part) ?? [];
    const comparators =
      low === undefined
        ? part
            .trim()
            .replace(/(>=|<=|>|<|\^|~|=)\s+/g, '$1')
            .split(/\s+/)
            .filter(Boolean)
        : [`>=${low}`, `<=${high}`];
    return comparators.every((comparator) => meets(versionOf(node).version, comparator));
  });

describe('a range of versions', () => {
  it.each([
    '>=18',
    '>= 14.6',
    '^20.19.0 || >=22.12.0',
    '^18 || ^20 || >= 21',
    '20 || >=22',
    '6.* || >= 10.*',
    '>= 10.x',
    '*',
    '>=18 <23',
    '18 - 20',
    '~20.19',
    '>=0.4',
  ])('%s accepts Node 20.19.0', (range) => expect(accepts(range, oldestNode)).toBe(true));

  it.each(['>=22', '^20.19.1 || >=22.12.0', '^18 || ^22', '>20', '<20', '>=18 <20.19', '18 - 19', '~20.18.0', '21.x'])(
    '%s does not accept Node 20.19.0',
    (range) => {
      expect(accepts(range, oldestNode)).toBe(false);
    },
  );
});

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly integrity?: string;
  readonly engines?: { readonly node?: string };
}

describe('what is installed for production', () => {
  const { packages } = readJson<{ packages: Record<string, LockEntry> }>('package-lock.json');
  const production = Object.entries(packages).filter(
    ([path, { dev, link }]) => path.includes('node_modules/') && dev !== true && link !== true,
  );

  /** Optional packages of other platforms are in the lockfile and not on the disk. */
  const nodeRangeOf = (path: string, entry: LockEntry): string | undefined => {
    if (entry.engines !== undefined) return entry.engines.node;
    const manifest = `${path}/package.json`;
    if (!existsSync(join(root, manifest))) return undefined;
    const { engines } = readJson<{ engines?: LockEntry['engines'] | readonly string[] }>(manifest);
    return engines !== undefined && 'node' in engines ? engines.node : undefined;
  };

  it('is read from the lockfile', () => expect(production.length).toBeGreaterThan(50));

  it(`runs with Node ${oldestNode}`, () => {
    const newer = production.flatMap(([path, entry]) => {
      const range = nodeRangeOf(path, entry);
      return range === undefined || accepts(range, oldestNode)
        ? []
        : [`${path}@${entry.version ?? '?'} needs Node ${range}`];
    });
    expect(newer).toEqual([]);
  });
});

describe('the lockfile', () => {
  // npm leaves a stub of version alone for what its registry did not carry. Such an entry names neither content nor
  // platform: npm takes it unchecked, and on every platform (a gigabyte of other systems' linters).
  it('names content, and with it platform, of every package', () => {
    const { packages } = readJson<{ packages: Record<string, LockEntry> }>('package-lock.json');
    const stubs = Object.entries(packages)
      .filter(([path]) => path.includes('node_modules/'))
      .filter(([, { link, inBundle, integrity }]) => !link && !inBundle && integrity === undefined)
      .map(([path]) => path);
    expect(stubs).toEqual([]);
  });
});
