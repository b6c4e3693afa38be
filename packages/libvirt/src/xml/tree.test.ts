import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { buildXml, el, indented } from './build.ts';
import { canonicalXml } from './canonical.ts';
import { elements, textOf } from './query.ts';
import { parseXml, writeXml, type XmlElement } from './tree.ts';

const carried = (text: string): boolean =>
  !/\p{Surrogate}/u.test(text) &&
  [...text].every(
    (one) => one === '\t' || one === '\n' || one === '\r' || (one >= ' ' && one !== '\ufffe' && one !== '\uffff'),
  );
const text = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(`"'<>&;`, ']]>', '<!--', '&#65;', '&amp;', '\r\n\t', '  ', '$&', '$1'),
  )
  .filter(carried);
const name = fc.constantFrom(
  'disk',
  'a',
  'qemu:arg',
  'toString',
  'hasOwnProperty',
  'x-y.z',
  '_u',
  'valueOf',
  'metadata',
);
const attributes = fc.dictionary(fc.constantFrom('dev', 'xmlns:qemu', 'type', 'toString', 'x.y'), text, {
  maxKeys: 4,
  noNullPrototype: true,
});
const { tree } = fc.letrec<{ tree: XmlElement }>((tie) => ({
  tree: fc
    .tuple(
      name,
      attributes,
      fc.oneof(
        { depthSize: 'small' },
        text.map((one) => [one]),
        fc.array(tie('tree'), { maxLength: 4 }),
      ),
    )
    .map(([tag, values, children]) => el(tag, values, ...(children as (XmlElement | string)[]))),
}));

describe('a tree', () => {
  test.prop([tree])('is read as it was written', (root) => {
    expect(parseXml(buildXml(root)).root).toEqual(root);
  });

  test.prop([tree])('is written the same when it is read and written again', (root) => {
    const once = buildXml(root, { pretty: true });
    expect(writeXml(parseXml(once))).toBe(once);
  });

  test.prop([tree])('has one canonical form, pretty or not', (root) => {
    expect(canonicalXml(buildXml(indented(root)))).toBe(canonicalXml(buildXml(root)));
    expect(canonicalXml(canonicalXml(buildXml(root)))).toBe(canonicalXml(buildXml(root)));
  });

  test.prop([fc.string({ unit: 'binary' })])('is either read or refused as invalid, whatever the input', (input) => {
    try {
      parseXml(input);
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid' });
    }
  });
});

describe('reading', () => {
  it('keeps text as text', () => {
    const { root } = parseXml(
      '<domain><uuid>0012</uuid><name>1e5</name><title>0x10</title><description>true</description></domain>',
    );
    expect(elements(root).map(textOf)).toEqual(['0012', '1e5', '0x10', 'true']);
  });

  it('makes a list of one disk', () => {
    expect(elements(parseXml('<devices><disk/></devices>').root, 'disk')).toHaveLength(1);
  });

  it('decodes numeric references, which the parser leaves alone', () => {
    const { root } = parseXml('<a b="x&#10;y&#x41;&quot;">&#65;&lt;&amp;lt;</a>');
    expect(root.attributes).toEqual({ b: 'x\nyA"' });
    expect(textOf(root)).toBe('A<&lt;');
  });

  it('keeps comments, CDATA and what stands before the root', () => {
    const xml = '<!--\nWARNING: AUTO-GENERATED\n--><a><!-- b & c --><![CDATA[ <x> & ]]></a>\n';
    expect(writeXml(parseXml(xml)).trim()).toBe(xml.trim());
  });

  it.each([
    ['a tag that is not closed', '<a><b></a>'],
    ['a document type', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['an entity nobody defined', '<a>&foo;</a>'],
    ['a bare ampersand', '<a>x & y</a>'],
    ['a reference to a control character', '<a>&#1;</a>'],
    ['a control character', '<a>\u0001</a>'],
    ['half a surrogate pair', '<a>\ud800</a>'],
    ['two roots', '<a/><b/>'],
    ['text beside the root', '<a/>text'],
    ['text between the root and a comment', '<a/>text<!-- x -->'],
    ['no root', ''],
    ['plain text', 'domain'],
    ['a repeated attribute', `<a b='1' b='2'/>`],
    ['an angle bracket in an attribute', `<a b='<'/>`],
    ['a prototype', '<__proto__/>'],
    ['a processing instruction', '<a><?php exit ?></a>'],
    ['nesting without end', `${'<a>'.repeat(150)}${'</a>'.repeat(150)}`],
  ])('refuses %s', (_, xml) => {
    expect(() => parseXml(xml)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it('refuses more than 4 MiB', () => {
    expect(() => parseXml(`<a>${'x'.repeat(4 * 1024 * 1024)}</a>`)).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    );
  });
});

describe('building', () => {
  it('escapes what would otherwise become markup', () => {
    const hostile = `'/><x y="&`;
    expect(buildXml(el('disk', { file: hostile }, hostile))).toBe(
      `<disk file="&apos;/&gt;&lt;x y=&quot;&amp;">'/&gt;&lt;x y="&amp;</disk>`,
    );
  });

  it('writes booleans as libvirt does and leaves out what is not there', () => {
    expect(
      buildXml(el('a', { on: true, off: false, n: 3, none: undefined }, undefined, null, false, [el('b'), 7])),
    ).toBe('<a on="yes" off="no" n="3"><b/>7</a>');
  });

  it.each([['\u0000'], ['\u001b'], ['\ufffe'], ['\udc00']])('refuses the character %j', (bad) => {
    expect(() => el('a', {}, `x${bad}`)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => el('a', { b: bad })).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it.each([['a b'], ['a>'], [''], ['1a'], ['a:b:c'], ['a="']])('refuses the name %j', (bad) => {
    expect(() => el(bad)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => el('a', { [bad]: 'x' })).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});
