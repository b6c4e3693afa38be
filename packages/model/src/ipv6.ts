/** Bits of a network's prefix: guests make the other 64 of their MAC address. [RFC 4862, RFC 4291 appendix A] */
export const prefixLength6 = 64;

/** As RFC 5952 writes it; undefined for what is no IPv6 address. */
const canonical6 = (text: string): string | undefined => {
  if (!/^[0-9a-f:]{2,39}$/i.test(text)) return undefined;
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1);
  } catch {
    return undefined;
  }
};

/** The eight groups of an address that was checked. */
const groupsOf = (address: string): string[] => {
  const [head = '', tail] = address.split('::');
  const split = (text: string): string[] => text.split(':').filter((group) => group !== '');
  if (tail === undefined) return split(head);
  const zeros = Array.from({ length: 8 - split(head).length - split(tail).length }, () => '0');
  return [...split(head), ...zeros, ...split(tail)];
};

/** The first half of the addresses of a prefix that was checked. */
const networkGroups = (prefix: string): string[] => groupsOf(prefix.split('/')[0] ?? '').slice(0, 4);

const within = (prefix: string, interfaceGroups: readonly string[]): string =>
  canonical6([...networkGroups(prefix), ...interfaceGroups].join(':')) ?? '';

/** What is wrong with a prefix for guests, as the end of a sentence. */
export const prefix6Problem = (text: string): string | undefined => {
  const [address = '', bits, ...more] = text.split('/');
  const canonical = canonical6(address);
  if (canonical === undefined || bits === undefined || more.length > 0)
    return 'is not a prefix such as fd12:3456:789a:1::/64, nor true';
  if (bits !== String(prefixLength6)) return `must have ${prefixLength6} bits: guests make the others of their MAC`;
  if (!canonical.startsWith('fd') || canonical.split(':')[0]?.length !== 4)
    return 'is not a unique local prefix: these begin with fd (RFC 4193)';
  if (
    !groupsOf(canonical)
      .slice(4)
      .every((group) => group === '0')
  )
    return `is an address within a prefix; the prefix is ${prefix6Of(text)}`;
  return undefined;
};

/** A prefix as it is stored: one way of writing each. */
export const prefix6Of = (text: string): string => {
  const address = canonical6(text.split('/')[0] ?? '') ?? '::';
  return `${canonical6(`${groupsOf(address).slice(0, 4).join(':')}::`)}/${prefixLength6}`;
};

/** The host's own address there. */
export const gateway6Of = (prefix: string): string => within(prefix, ['0', '0', '0', '1']);

/**
 * The address that an interface gives itself there, whatever guest it is in, as long as that makes it of the MAC; it is
 * nobody else's, as the MAC is. [RFC 4291, appendix A: modified EUI-64]
 */
export const address6Of = (prefix: string, mac: string): string => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(':').map((byte) => Number.parseInt(byte, 16));
  const group = (high: number, low: number): string => ((high << 8) | low).toString(16);
  return within(prefix, [group(a ^ 2, b), group(c, 0xff), group(0xfe, d), group(e, f)]);
};

/** The first prefix that is not taken of those of a site, whose 40 bits are given as hexadecimal digits. [RFC 4193, 3.1] */
export const freePrefix6 = (site: string, taken: readonly string[]): string | undefined => {
  const digits = site.replace(/[^0-9a-f]/gi, '').padEnd(10, '0');
  const head = `fd${digits.slice(0, 2)}:${digits.slice(2, 6)}:${digits.slice(6, 10)}`;
  for (let subnet = 1; subnet <= 0xffff; subnet += 1) {
    const prefix = prefix6Of(`${head}:${subnet.toString(16)}::/64`);
    if (!taken.includes(prefix)) return prefix;
  }
  return undefined;
};
