/** An IPv4 subnet with what its addresses are for. */
export interface Subnet {
  readonly prefix: number;
  /** The first address, the host's own. */
  readonly gateway: string;
  /** First and last address for guests. */
  readonly range: { readonly start: string; readonly end: string };
}

/** An IPv4 address as a number, and back. */
export const addressNumber = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
export const addressText = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

const subnetPattern = /^((?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3})\/(\d{1,2})$/;

/** Whether a text is an IPv4 address. */
export const isIPv4Text = (text: string): boolean => boundsOf(`${text}/32`) !== undefined;

/** Ranges that are nobody's in particular, from which networks of one's own are made. [RFC 1918, RFC 6598] */
export const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

const boundsOf = (text: string): readonly [number, number] | undefined => {
  const [, address, bits] = subnetPattern.exec(text) ?? [];
  if (address === undefined || Number(bits) > 32) return undefined;
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(addressNumber(address) / size) * size;
  return [first, first + size - 1];
};

/** Whether all addresses of one subnet are of another. */
export const subnetContains = (outer: string, inner: string): boolean => {
  const [[from, to] = [0, -1], [first, last] = [0, 0]] = [boundsOf(outer), boundsOf(inner)];
  return from <= first && last <= to;
};

/** Whether two subnets have an address in common; what is none has none. */
export const overlaps = (one: string, other: string): boolean => {
  const [a, b] = [boundsOf(one), boundsOf(other)];
  return a !== undefined && b !== undefined && a[0] <= b[1] && b[0] <= a[1];
};

/** What is wrong with a subnet, as the end of a sentence. */
export const subnetProblem = (text: string): string | undefined => {
  const [, address, bits] = subnetPattern.exec(text) ?? [];
  if (address === undefined) return 'is not a subnet such as 10.20.0.0/24';
  const first = addressText(boundsOf(text)?.[0] ?? 0);
  if (Number(bits) <= 32 && first !== address) return `is an address within a subnet; the subnet is ${first}/${bits}`;
  return undefined;
};

/** Whether an interface can have the address there: neither the subnet's own nor that of all. */
export const isHostAddress = (subnet: string, address: string): boolean => {
  const [first, last] = boundsOf(subnet) ?? [0, -1];
  const value = addressNumber(address);
  return first < value && value < last;
};

/** Throws nothing: a subnet that was checked has all of it. */
export const parseSubnet = (text: string): Subnet => {
  const [first, last] = boundsOf(text) ?? [0, 0];
  return {
    prefix: Number(text.split('/')[1]),
    gateway: addressText(first + 1),
    range: { start: addressText(first + 2), end: addressText(last - 1) },
  };
};

/** The first of many subnets that overlaps with none of these. */
export const freeSubnet = (taken: readonly string[]): string | undefined => {
  for (let second = 80; second < 256; second += 1)
    for (let third = 0; third < 256; third += 1) {
      const text = `10.${second}.${third}.0/24`;
      if (!taken.some((other) => overlaps(text, other))) return text;
    }
  return undefined;
};
