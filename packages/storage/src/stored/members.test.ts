import { describe, expect, it } from 'vitest';
import { type Member, memberChecks } from './members.ts';

const member = (path: string, parts: Partial<Member> = {}): Member => ({ path, type: 'File', size: 0, ...parts });
const check = (...members: Member[]) => {
  const checks = memberChecks(2 ** 20);
  for (const one of members) checks.add(one);
  return checks;
};

describe('members of an archive', () => {
  it('are counted in blocks, and devices apart', () => {
    const checks = check(
      member('./', { type: 'Directory' }),
      member('./etc/os-release', { size: 5000 }),
      member('./dev/null', { type: 'CharacterDevice' }),
    );
    expect([checks.members, checks.bytes, checks.devices]).toEqual([3, 5 * 4096, 1]);
  });

  it('may be links to what is there, and symbolic links to anywhere: a guest sees its own tree', () => {
    check(
      member('bin/a'),
      member('bin/b', { type: 'Link', linkpath: './bin/a' }),
      member('bin/c', { type: 'SymbolicLink', linkpath: '/etc/alternatives/c' }),
      member('bin/d', { type: 'SymbolicLink', linkpath: '../../../d' }),
      member('bin/e', { type: 'Link', linkpath: 'bin/c' }),
      member('..data', {}),
      member('a..b/c', {}),
    );
  });

  it.each([['/etc/passwd'], ['//etc/passwd'], ['..'], ['../x'], ['a/../../x'], ['a/..'], ['./../x']])(
    'called %s lead out',
    (path) => expect(() => check(member(path))).toThrow(/leads out of the image/),
  );

  it('below a symbolic link are refused, also further down and by another spelling', () => {
    const link = member('./out', { type: 'SymbolicLink', linkpath: '/' });
    for (const path of ['out/x', './out/x', 'out//x', 'out/./x', 'out/a/b'])
      expect(() => check(link, member(path))).toThrow(/goes through the symbolic link "out"/);
    expect(() => check(link, member('outside/x'))).not.toThrow();
  });

  it('that take nothing but places count as well: a bomb may be of names', () => {
    const names = Array.from({ length: 300 }, (_, index) => member(`${index}`, { type: 'Directory' }));
    expect(() => check(...names)).toThrow(/unpacks to more than 1048576 bytes/);
  });
});
