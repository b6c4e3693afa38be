import { fc, test } from '@fast-check/vitest';
import { InnkeeperError, longestRule } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { ask, forbidding, GiB, host, kvm, lxc, preferring, requiring } from '../testing.ts';
import { openRules } from './apply.ts';
import { compileCondition, type RuleFacts } from './engine.ts';
import { driverFacts, hostFacts, workloadFacts } from './facts.ts';

const facts: RuleFacts = {
  w: workloadFacts(ask({ labels: { app: 'blog' }, cpus: 2, devices: [{ gpu: {} }, { usb: { serial: 'A1' } }] })),
  h: hostFacts(host('h1', { labels: { zone: 'a' } }), 2),
  d: driverFacts(kvm),
};

const refusal = (when: string): string => {
  try {
    compileCondition(when);
  } catch (error) {
    if (error instanceof InnkeeperError && error.code === 'invalid') return error.message;
    throw error;
  }
  return '';
};

/** What it says, or what went wrong in saying it. */
const outcome = (when: string): boolean | string => {
  const condition = compileCondition(when);
  try {
    return condition.holds(facts);
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'something that is no error';
  }
};

describe('a condition is typed when it is saved', () => {
  it.each([
    ['a field that workloads do not have', 'w.flavour == "sweet"', 'when: No such key: flavour'],
    ['something that is neither w, h nor d', 'x == 1', 'when: Unknown variable: x'],
    ['a function that there is not', 'glob(w.name)', "when: found no matching overload for 'glob(string)'"],
    ['a text compared with a number', 'w.name == 1', 'when: no such overload: string == int'],
    ['a number compared with a text', 'w.cpus > "2"', 'when: no such overload: int > string'],
    ['a text where true or false is needed', 'w.nested && w.name', /Logical operator requires bool/],
    ['a number as the whole', 'w.cpus', 'when: is a int, where true or false is needed'],
    ['a list as the whole', '[w.nested]', 'when: is a list<bool>, where true or false is needed'],
    ['a host as the whole', 'h', /where true or false is needed/],
    ['nothing', ' ', /Unexpected token/],
    ['half of one', 'w.name ==', /Unexpected token/],
  ])('and refuses %s', (_, when, message) => expect(refusal(when)).toMatch(message));

  it.each(['w.nested', 'd.backend == "kvm"', 'size(h.devices) > 0', '"gpu" in w.devices', 'has(h.labels.zone)'])(
    'and takes %s',
    (when) => expect(refusal(when)).toBe(''),
  );

  it('and one that turns out to be neither true nor false says so when it is evaluated', () => {
    expect(outcome('dyn(w.cpus)')).toBe('is neither true nor false');
  });
});

describe('a condition cannot be made to run for long', () => {
  it.each(['w.name.matches("(a+)+$")', 'matches(w.name, "x")', 'w.nested || "a".matches(w.name)'])(
    'with a regular expression: %s',
    (when) => expect(refusal(when)).toMatch('matches() is not available in rules'),
  );

  it.each([
    'w.devices.exists(a, w.devices.exists(b, a == b))',
    'w.devices.all(a, [1, 2].map(b, b + 1) == [])',
    'size(w.devices.map(a, w.networks.filter(b, b == a))) > 1',
    'w.devices.filter(a, a == "gpu").exists(b, b == "gpu")',
    'cel.bind(x, w.devices, x.exists(y, y == "gpu"))',
  ])('with a comprehension inside another one: %s', (when) => expect(refusal(when)).toMatch('inside another one'));

  const numbers = (count: number): string => Array.from({ length: count }, (_, n) => n).join(',');

  it.each([
    ['more characters than a rule may have', `w.name == "${'a'.repeat(longestRule)}"`, /longer than/],
    ['forty parentheses', `${'('.repeat(40)}true${')'.repeat(40)}`, /maxDepth/],
    ['forty lists in one another', `${'['.repeat(40)}1${']'.repeat(40)} == []`, /maxDepth/],
    ['a list of 150', `w.cpus in [${numbers(150)}]`, /maxListElements/],
    ['a map of 120', `{${Array.from({ length: 120 }, (_, n) => `"${n}":1`).join(',')}} == {}`, /maxMapEntries/],
    ['more parts than a rule may have', Array(160).fill('1<2').join('||'), /maxAstNodes/],
    ['ranges', 'lists.range(1000000000).size() > 1', /Unknown variable: lists/],
    ['repeated texts', '"a".repeat(1000000) == ""', /no matching overload/],
  ])('with %s', (_, when, message) => expect(refusal(when)).toMatch(message));
});

describe('a condition cannot reach beyond its facts', () => {
  it.each([
    'constructor == 1',
    '__proto__ == 1',
    'globalThis.process == 1',
    'this == 1',
    'w.constructor == "x"',
    'w.__proto__ == w',
    'w.toString() == "x"',
    'w.name.length > 1',
    'w.name.constructor("return 1")',
    'w.labels.app.constructor == "x"',
    'w.labels.constructor.constructor("return 1")() == 1',
    '[].constructor == 1',
  ])('%s is refused', (when) => expect(refusal(when)).not.toBe(''));

  it.each([
    ['w.labels.constructor == "x"', 'No such key: constructor'],
    ['w.labels["__proto__"] == "x"', 'No such key: __proto__'],
    ['dyn(w.labels).constructor == "x"', 'No such key: constructor'],
    ['has(w.labels.constructor)', false],
    ['has(w.labels.toString)', false],
    ['"constructor" in w.labels', false],
  ])('%s finds no label', (when, result) => expect(outcome(when)).toBe(result));
});

describe('what goes wrong in an evaluation is shown', () => {
  it.each([
    ['w.labels.tier == "gold"', 'No such key: tier'],
    ['w.cpus / (w.cpus - 2) == 1', 'division by zero'],
    ['w.cpus % (w.cpus - 2) == 1', 'modulo by zero'],
    ['9223372036854775807 + w.cpus > 0', 'integer overflow: 9223372036854775809'],
    ['w.devices[9] == "gpu"', 'No such key: index out of bounds, index 9 >= size 2'],
    ['int(w.name) == 1', 'int() type error: cannot convert to int'],
  ])('%s', (when, message) => expect(outcome(when)).toBe(message));

  it('unless the other side decides', () => {
    expect(outcome('w.labels.tier == "gold" || w.cpus == 2')).toBe(true);
    expect(outcome('w.labels.tier == "gold" && w.cpus == 3')).toBe(false);
  });

  it('beside the rule, for each candidate where it could not be evaluated', () => {
    const rules = openRules([forbidding('zone-b', 'h.labels.zone == "b"', { backend: 'lxc' })], ask());
    rules.judge(host('h1', { labels: { zone: 'a' } }), [lxc, kvm], 0);
    rules.judge(host('h2', { labels: { zone: 'b' } }), [lxc, kvm], 0);
    const [[onLxc] = [], [onKvm] = []] = rules.judge(host('h3'), [lxc, kvm], 0).map(({ checks }) => checks);
    expect(onLxc).toMatchObject({ ok: false, code: 'rule_error' });
    expect(onLxc?.text).toBe('the rule zone-b cannot be evaluated, so it counts as violated: No such key: zone');
    expect(onKvm?.ok).toBe(true);
    expect(rules.outcomes()).toEqual([
      { id: 'zone-b', effect: 'forbid', held: 2, message: 'the rule zone-b says so', error: 'No such key: zone' },
    ]);
  });
});

describe('what a condition asks about', () => {
  it.each([
    ['w.nested', false, false],
    ['h.cpus > 4', true, false],
    ['d.backend == "kvm"', false, true],
    ['w.nested ? h.cpus > 4 : d.name == "kvm"', true, true],
    ['!(w.nested || !has(h.labels.zone))', true, false],
    ['-h.cpus < 0', true, false],
    ['w.name in [h.name]', true, false],
    ['{"a": d.name}["a"] == w.name', false, true],
    ['w.devices.exists(x, x in h.devices)', true, false],
    ['h.labels[?"zone"].orValue("") == "a"', true, false],
    ['w.labels[?d.name].orValue("") == "a"', false, true],
    ['cel.bind(x, d.name, x == "kvm")', false, true],
    ['w.name.startsWith(h.name)', true, false],
    ['size(h.devices) > 0', true, false],
  ])('%s: host %s, driver %s', (when, h, d) => expect(compileCondition(when).uses).toEqual({ h, d }));
});

const conditions = [
  'true',
  'w.cpus > 1',
  'w.labels.app == "blog"',
  'h.cpus > 4',
  'h.labels.zone == "a"',
  'h.workloads + w.cpus > 2',
  'd.backend == "kvm"',
  'd.name == h.name',
  'w.nested && h.labels.zone == "b"',
  'has(h.labels.zone) ? d.backend == "lxc" : w.cpus > 2',
  'h.labels[?"zone"].orValue(d.name) == "kvm"',
  'w.devices.exists(x, x in h.devices) || d.acceleration == "kvm"',
  'w.flavour == 1',
];

const anyRule = fc
  .record({
    when: fc.constantFrom(...conditions),
    make: fc.constantFrom(forbidding, requiring, (id: string, when: string) => preferring(id, when, 7)),
  })
  .map(
    ({ when, make }) =>
      (id: string) =>
        make(id, when),
  );

const anyHost = (name: string) =>
  fc
    .record({
      labels: fc.constantFrom<Record<string, string>>({}, { zone: 'a' }, { zone: 'b' }),
      cpus: fc.constantFrom(2, 8),
      memoryBytes: fc.constantFrom(GiB, 8 * GiB),
      drivers: fc.subarray([lxc, kvm, { ...kvm, driver: 'h1' }]),
    })
    .map((parts) => ({ host: host(name, parts), workloads: parts.cpus }));

/** Evaluated anew for this one candidate, and nothing kept. */
const naive = (when: string, all: RuleFacts): boolean | string => {
  try {
    return compileCondition(when).holds(all);
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n', 1)[0]?.replace(/^when: /, '') ?? '') : '';
  }
};

describe('a rule book', () => {
  test.prop([
    fc.array(anyRule, { maxLength: 6 }),
    fc.tuple(anyHost('h1'), anyHost('h2'), anyHost('h3')),
    fc.record({ cpus: fc.constantFrom(1, 2, 3), nested: fc.boolean(), labels: fc.constantFrom({}, { app: 'blog' }) }),
  ])('says of each candidate what evaluating every rule anew would say', (makers, hosts, spec) => {
    const rules = makers.map((make, index) => make(`rule-${index}`));
    const request = ask(spec);
    const book = openRules(rules, request);
    const heldOf = new Map(rules.map(({ id }) => [id, 0]));
    for (const { host: one, workloads } of hosts) {
      const verdicts = book.judge(one, one.drivers, workloads);
      one.drivers.forEach((driver, at) => {
        const all = { w: workloadFacts(request), h: hostFacts(one, workloads), d: driverFacts(driver) };
        const said = [...(verdicts[at]?.checks ?? []), ...(verdicts[at]?.scores ?? [])];
        for (const { id, when } of rules) {
          const expected = naive(when, all);
          const part = said.find((each) => ('check' in each ? each.check : each.name) === `rule:${id}`);
          expect(part !== undefined).toBe(expected !== false);
          if (expected === true) heldOf.set(id, (heldOf.get(id) ?? 0) + 1);
          if (typeof expected === 'string' && part !== undefined && !('ok' in part && part.ok))
            expect(part.text).toContain(expected);
        }
      });
    }
    expect(new Map(book.outcomes().map(({ id, held }) => [id, held]))).toEqual(heldOf);
  });
});
