import { readFileSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { el } from './build.ts';
import { canonicalXml } from './canonical.ts';
import { attribute, childNamed } from './query.ts';
import { type Edit, updateDomain } from './update.ts';

const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}.xml`, import.meta.url), 'utf8');
/** As virt-manager and a user's editor leave it: other people's namespaces, comments and QEMU arguments. */
const foreignVm = fixture('foreign-vm');
const container = fixture('container');

const spec = el('ik:spec', { 'xmlns:ik': 'urn:ik' }, '{"a":"<&>"}');
const metadata: Edit['path'] = ['metadata', { namespace: 'urn:ik' }];

describe('editing a definition', () => {
  it('changes nothing when there is nothing to change', () => {
    expect(canonicalXml(updateDomain(foreignVm, []))).toBe(canonicalXml(foreignVm));
  });

  it('changes one element and not a byte more', () => {
    const edited = updateDomain(foreignVm, [{ path: ['on_reboot'], element: el('on_reboot', {}, 'destroy') }]);
    expect(edited).toBe(
      updateDomain(foreignVm, []).replace('<on_reboot>restart</on_reboot>', '<on_reboot>destroy</on_reboot>'),
    );
    expect(edited).toContain("the office's printer");
    expect(edited).toContain('<qemu:arg value="name=opt/x,string=a&quot;b"/>');
  });

  it.each([
    ['a virtual machine', foreignVm],
    ['a container that has no metadata', container],
  ])('adds, replaces and removes metadata of %s, and leaves the rest equal', (_, xml) => {
    const added = updateDomain(xml, [{ path: metadata, element: spec }]);
    expect(added).toContain('<ik:spec xmlns:ik="urn:ik">{"a":"&lt;&amp;&gt;"}</ik:spec>');
    const replaced = updateDomain(added, [{ path: metadata, element: el('z:spec', { 'xmlns:z': 'urn:ik' }) }]);
    expect(replaced).not.toContain('<ik:spec');
    const removed = updateDomain(replaced, [{ path: metadata, element: undefined }]);
    expect(canonicalXml(removed)).toBe(canonicalXml(xml));
  });

  it('finds a device by what is inside it', () => {
    const where = (target: string) => ({
      name: 'disk',
      where: (disk: Parameters<typeof childNamed>[0]) => attribute(childNamed(disk, 'target'), 'dev') === target,
    });
    const edited = updateDomain(foreignVm, [{ path: ['devices', where('sda')], element: undefined }]);
    expect(edited).not.toContain('sata');
    expect(edited).toContain('vdb');
  });

  it('adds a second device when asked to', () => {
    const edited = updateDomain(foreignVm, [
      { path: ['devices', 'disk'], add: true, element: el('disk', { type: 'block' }, el('target', { dev: 'vdc' })) },
    ]);
    expect(edited.match(/<disk /g)).toHaveLength(4);
  });

  it('refuses to choose among several', () => {
    expect(() => updateDomain(foreignVm, [{ path: ['devices', 'disk'], element: undefined }])).toThrow(
      expect.objectContaining({ code: 'conflict' }),
    );
  });

  test.prop([fc.string({ maxLength: 40 }).filter((text) => /^[\x20-\x7e]*$/.test(text) && text.trim() !== '')])(
    'carries any text in and out again',
    (text) => {
      const edited = updateDomain(foreignVm, [{ path: ['description'], element: el('description', {}, text) }]);
      const back = updateDomain(edited, [{ path: ['description'], element: undefined }]);
      expect(canonicalXml(back)).toBe(canonicalXml(foreignVm));
    },
  );
});

describe('the canonical form', () => {
  it('ignores order of attributes, quotes, white space and an empty metadata element', () => {
    const one = `<domain b='1' a="2"><name>x</name><metadata/></domain>`;
    const other = `<domain a='2' b='1'>\n  <name>x</name>\n  <metadata>\n  </metadata>\n</domain>\n`;
    expect(canonicalXml(one)).toBe(canonicalXml(other));
  });

  it('does not ignore text, order of elements, comments or values', () => {
    const forms = [
      '<a><b/><c/></a>',
      '<a><c/><b/></a>',
      '<a><b>x</b><c/></a>',
      '<a><b> x</b><c/></a>',
      '<a><b/><!--x--><c/></a>',
      '<a><b y="1"/><c/></a>',
    ];
    expect(new Set(forms.map(canonicalXml)).size).toBe(forms.length);
  });
});
