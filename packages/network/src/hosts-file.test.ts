import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { type NamedGuest, withNames, withoutNames } from './hosts-file.ts';

const id = 'innkeeper-tmp-x';
const own = '127.0.0.1 localhost\n127.0.1.1 h1.example h1\n';
const web: NamedGuest = { name: 'web', addresses: ['192.168.122.5'] };
const block = (...lines: string[]): string =>
  [`# BEGIN ${id}: names of guests, written by Innkeeper`, ...lines, `# END ${id}`].join('\n');

describe('the block in /etc/hosts', () => {
  it('is put behind everything, and taken away again byte for byte', () => {
    const { text } = withNames(own, id, [web]);
    expect(text).toBe(`${own}${block('192.168.122.5 web')}\n`);
    expect(withoutNames(text, id)).toBe(own);
  });

  it('stays where somebody has written below it, and is there once', () => {
    const { text } = withNames(own, id, [web]);
    const longer = `${text}10.0.0.1 nas\n`;
    const other = withNames(longer, id, [{ name: 'db', addresses: ['192.168.122.6'] }, web]).text;
    expect(other).toBe(`${own}${block('192.168.122.6 db', '192.168.122.5 web')}\n10.0.0.1 nas\n`);
    expect(withNames(other, id, []).text).toBe(`${own}10.0.0.1 nas\n`);
    expect(withNames(`${other}${text}`, id, [web]).text.match(/# BEGIN/g)).toHaveLength(1);
  });

  it('says nothing of names that somebody else has given, nor of the host itself', () => {
    const guests = ['web', 'h1', 'localhost', 'nas', 'box'].map((name) => ({ name, addresses: ['192.168.122.7'] }));
    const { text, taken } = withNames(`${own}10.0.0.1 NAS # web\n`, id, guests, ['box']);
    expect(taken).toEqual(['h1', 'localhost', 'nas', 'box']);
    expect(text).toContain(block('192.168.122.7 web'));
  });

  it('leaves the block of another installation alone', () => {
    const theirs = withNames(own, 'innkeeper', [{ name: 'db', addresses: ['192.168.122.6'] }]).text;
    const both = withNames(theirs, id, [web]).text;
    expect(both).toContain('192.168.122.6 db\n# END innkeeper\n');
    expect(withoutNames(both, id)).toBe(theirs);
  });

  it('holds two hundred guests, each on a line', () => {
    const guests = Array.from({ length: 200 }, (_, at) => ({ name: `g${at}`, addresses: [`10.1.2.${at + 2}`] }));
    const { text, taken } = withNames(own, id, guests);
    expect(text.split('\n').filter((line) => line.startsWith('10.1.2.'))).toHaveLength(200);
    expect(taken).toEqual([]);
    expect(withNames(text, id, guests).text).toBe(text);
  });

  it('without an end is not touched, and what to do is said', () => {
    const broken = withNames(own, id, [web]).text.replace(`# END ${id}\n`, '');
    for (const change of [() => withNames(broken, id, [web]), () => withoutNames(broken, id)])
      expect(change).toThrow(/has the line "# BEGIN innkeeper-tmp-x.*not the line "# END/);
  });

  it.each([
    { name: 'web\n0.0.0.0 bank.example', addresses: ['192.168.122.5'] },
    { name: 'web', addresses: ['192.168.122.5 bank.example'] },
    { name: 'Web', addresses: ['192.168.122.5'] },
  ])('takes nothing that is not a name and an address: %j', (guest) => {
    expect(() => withNames(own, id, [guest])).toThrow('cannot stand in /etc/hosts');
  });

  property.prop([fc.string(), fc.array(fc.ipV4(), { minLength: 1, maxLength: 3 })])(
    'comes and goes without a trace in whatever text',
    (text, addresses) => {
      fc.pre(!text.includes('# BEGIN'));
      const written = withNames(text, id, [{ name: 'zz-web', addresses }]).text;
      expect(withNames(written, id, [{ name: 'zz-web', addresses }]).text).toBe(written);
      expect(withoutNames(written, id)).toBe(text);
    },
  );
});
