import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { type Complaint, InnkeeperError } from './errors.ts';
import { parseManifest, parseWorkloadSpec } from './manifest.ts';

const refusalOf = (input: unknown): InnkeeperError => {
  try {
    parseManifest(input);
  } catch (error) {
    if (error instanceof InnkeeperError) return error;
    throw error;
  }
  throw new Error('the manifest was accepted');
};

const complaintsAbout = (spec: unknown): readonly Complaint[] => refusalOf({ workloads: { wiki: spec } }).complaints;

describe('a manifest', () => {
  it('keeps only what the user set', () => {
    const manifest = parseManifest({ workloads: { wiki: { image: 'debian/12', memory: '1GiB' } } });
    expect(manifest).toEqual({ workloads: { wiki: { image: 'debian/12', memory: '1GiB' } } });
  });

  it('may be without any workload', () => expect(parseManifest({ workloads: {} })).toEqual({ workloads: {} }));

  it.each([[null], [undefined], ['text'], [7], [[]], [true]])('is a mapping, not %j', (input) => {
    const error = refusalOf(input);
    expect(error).toMatchObject({ code: 'invalid' });
    expect(error.message).toContain('a manifest is a mapping with the key "workloads"');
  });

  it.each([[{}], [{ workloads: null }], [{ workloads: [] }], [{ workloads: 'wiki' }]])(
    'has workloads by name, not %j',
    (input) => {
      expect(refusalOf(input).complaints).toEqual([
        { path: 'workloads', message: 'must be a mapping from names to workloads' },
      ]);
    },
  );

  it('says which key was meant at the top', () => {
    expect(refusalOf({ workload: {} }).complaints[0]).toEqual({
      path: 'workload',
      message: 'unknown key "workload"',
      hint: 'did you mean "workloads"?',
    });
  });

  it.each([
    [{ memroy: '1GiB' }, 'workloads.wiki.memroy', 'did you mean "memory"?'],
    [{ placement: { hots: 'h1' } }, 'workloads.wiki.placement.hots', 'did you mean "host"?'],
    [{ networks: [{ adress: '192.168.122.2' }] }, 'workloads.wiki.networks[0].adress', 'did you mean "address"?'],
    [
      { placement: { zone: 'x' } },
      'workloads.wiki.placement.zone',
      'known keys here: host, hostLabels, strategy, spreadBy, near, away',
    ],
  ])('says which key was meant in %j', (part, path, hint) => {
    const [complaint] = complaintsAbout({ image: 'debian/12', ...part });
    expect(complaint).toMatchObject({ path, hint });
  });

  it.each([
    [{ memory: '1' }, 'workloads.wiki.memory', '"1" is not a size; write a number and a unit, such as 512MiB or 2GiB'],
    [{ memory: '1MiB' }, 'workloads.wiki.memory', 'memory must be between 16MiB and 16TiB, not 1MiB'],
    [{ disk: '1MiB' }, 'workloads.wiki.disk', 'disk must be between 64MiB and 256TiB, not 1MiB'],
    [{ backend: 'docker' }, 'workloads.wiki.backend', '"docker" is not one of auto, lxc, kvm'],
    [
      { networks: [{ address: '1.2.3.256' }] },
      'workloads.wiki.networks[0].address',
      '"1.2.3.256" is not an IPv4 address such as 192.168.122.50',
    ],
    [
      { networks: [{ mac: '01:00:00:00:00:00' }] },
      'workloads.wiki.networks[0].mac',
      '"01:00:00:00:00:00" is not the MAC address of one interface, such as 52:54:00:aa:bb:01',
    ],
  ])('refuses %j', (part, path, message) => {
    expect(complaintsAbout({ image: 'debian/12', ...part })).toEqual([{ path, message }]);
  });

  it.each([
    [{ memory: 1024 }],
    [{ cpus: 0 }],
    [{ cpus: 1.5 }],
    [{ cpus: '2' }],
    [{ labels: { a: 1 } }],
    [{ networks: 'default' }],
  ])('refuses %j and shows what was found', (part) => {
    const [complaint] = complaintsAbout({ image: 'debian/12', ...part });
    const value = Object.values(part)[0];
    const found = typeof value === 'object' ? Object.values(value)[0] : value;
    expect(complaint?.message).toContain(JSON.stringify(found));
  });

  it('says what a key of a label may be', () => {
    const [complaint] = complaintsAbout({ image: 'debian/12', labels: { 'Team Name': 'x' } });
    expect(complaint?.path).toBe('workloads.wiki.labels.Team Name');
    expect(complaint?.message).toContain('must be lower-case letters');
  });

  it('needs an image that is known', () => {
    expect(complaintsAbout({})).toEqual([{ path: 'workloads.wiki.image', message: 'is required and missing' }]);
    const [complaint] = complaintsAbout({ image: 'debian/1' });
    expect(complaint?.message).toBe(
      'there is no image "debian/1"; known are debian/12, debian/13, ubuntu/24.04, windows/11',
    );
  });

  it('refuses wishes that contradict each other', () => {
    const [windows] = complaintsAbout({ image: 'windows/11', backend: 'lxc' });
    expect(windows?.path).toBe('workloads.wiki.backend');
    expect(windows?.message).toContain("lxc cannot run windows/11: a container shares the host's Linux kernel");
    const [strong] = complaintsAbout({ image: 'debian/12', backend: 'lxc', isolation: 'strong' });
    expect(strong?.path).toBe('workloads.wiki.isolation');
  });

  it.each(['a/b', '..', 'Wiki', '9lives', 'wiki-', 'x'.repeat(64), '', 'a b', '__proto__', 'constructor '])(
    'refuses the name %j, which libvirt, a host name or a URL would',
    (name) => {
      const { complaints } = refusalOf({ workloads: Object.fromEntries([[name, { image: 'debian/12' }]]) });
      expect(complaints).toHaveLength(1);
      expect(complaints[0]?.message).toContain('cannot be a name');
    },
  );

  it('tells everything that is wrong at once', () => {
    const error = refusalOf({
      rulez: [],
      workloads: { Wiki: { image: 'debian/12' }, a: { image: 'BeOS 5', memory: 'lots', cpu: 1 }, b: null, c: {} },
    });
    expect(error.complaints.map(({ path }) => path).sort()).toEqual(
      [
        'rulez',
        'workloads.Wiki',
        'workloads.a.cpu',
        'workloads.a.image',
        'workloads.a.memory',
        'workloads.b',
        'workloads.c.image',
      ].sort(),
    );
    expect(error.message).toBe('rulez: unknown key "rulez" (and 6 more)');
  });

  it('may hold a thousand workloads and no more', () => {
    const many = (count: number) => ({
      workloads: Object.fromEntries(Array.from({ length: count }, (_, at) => [`w${at}`, { image: 'debian/12' }])),
    });
    expect(Object.keys(parseManifest(many(1000)).workloads)).toHaveLength(1000);
    expect(refusalOf(many(1001)).message).toContain('1001 workloads; one manifest may hold 1000');
  });

  it('refuses a value that holds itself', () => {
    const labels: Record<string, unknown> = {};
    labels.self = labels;
    expect(complaintsAbout({ image: 'debian/12', labels })[0]?.path).toBe('workloads.wiki.labels.self');
  });
});

const onlyRefuses = (parse: () => unknown): void => {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof InnkeeperError)) throw error;
    expect(error.code).toBe('invalid');
    expect(error.complaints.length).toBeGreaterThan(0);
  }
};

const field = fc.constantFrom(
  'image',
  'backend',
  'driver',
  'cpus',
  'memory',
  'disk',
  'isolation',
  'power',
  'networks',
  'placement',
  'labels',
  'description',
  'network',
  'address',
  'mac',
  'host',
  '__proto__',
  'constructor',
);
const nearlySpec = fc.letrec((tie) => ({
  spec: fc.dictionary(field, tie('value'), { maxKeys: 8 }),
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('debian/12', 'windows/11', 'lxc', 'kvm', '1GiB', 'default', 'strong'),
    fc.jsonValue(),
    fc.array(tie('spec'), { maxLength: 3 }),
    tie('spec'),
  ),
})).spec;

describe('whatever is given as a manifest', () => {
  test.prop([fc.jsonValue()])('is read or refused as invalid', (input) => onlyRefuses(() => parseManifest(input)));

  test.prop([fc.jsonValue()])('as a specification is read or refused as invalid', (input) => {
    onlyRefuses(() => parseWorkloadSpec(input, 'wiki'));
  });

  test.prop([fc.dictionary(fc.string(), fc.jsonValue())])('as workloads is read or refused as invalid', (workloads) => {
    onlyRefuses(() => parseManifest({ workloads }));
  });

  test.prop([nearlySpec])('with known keys in any place is read or refused as invalid', (spec) => {
    onlyRefuses(() => parseManifest({ workloads: { wiki: spec } }));
    onlyRefuses(() => parseManifest({ workloads: { wiki: Object.assign({ image: 'debian/12' }, spec) } }));
  });
});
