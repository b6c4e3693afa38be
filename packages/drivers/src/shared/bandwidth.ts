import type { Host } from '@innkeeper/host';
import { el, type XmlElement } from '@innkeeper/libvirt';
import { type Capability, formatSize, type NetworkAttachment, parseSize } from '@innkeeper/model';

type Limited = Pick<NetworkAttachment, 'limit'> | undefined;

/** Kilobytes (1000 bytes) a second, libvirt's unit of `<bandwidth>`; undefined without a limit. [formatdomain, QoS] */
export const limitOf = (attachment: Limited): number | undefined =>
  attachment?.limit === undefined ? undefined : Math.max(1, Math.floor((parseSize(attachment.limit) ?? 0) / 1000));

/** One limit, in each direction. */
export const bandwidthElement = (attachment: Limited): XmlElement | false => {
  const average = limitOf(attachment);
  return average !== undefined && el('bandwidth', {}, el('inbound', { average }), el('outbound', { average }));
};

/** What a plan says of limits. */
export const limitMapping = (networks: readonly NetworkAttachment[]): string[] =>
  networks.flatMap(({ network, limit }) =>
    limit === undefined ? [] : [`network ${network}: at most ${formatSize(parseSize(limit) ?? 0)} a second each way`],
  );

/** What libvirt asks of the kernel for a limit, on an interface in a network namespace that ends with the question. */
const trial = [
  'ip link add limited type veth peer name other',
  'tc qdisc add dev limited root handle 1: htb default 1',
  'tc class add dev limited parent 1: classid 1:1 htb rate 1mbit',
  'tc qdisc add dev limited parent 1:1 handle 2: sfq perturb 10',
  'tc qdisc add dev limited ingress',
  'tc filter add dev limited parent ffff: protocol all u32 match u32 0 0 police rate 1mbit burst 64kb mtu 64kb drop flowid :1',
].join(' && ');

const tryLimit = async (host: Host): Promise<Capability> => {
  const { exitCode, stderr } = await host.run(['unshare', '--net', '--', 'sh', '-c', trial], {
    expect: [0, 1, 2, 127],
  });
  if (exitCode === 0) return { value: true, evidence: 'tried: htb, sfq and a policer on an interface of no other use' };
  const why = stderr.trim().split('\n')[0]?.slice(0, 200) ?? '';
  return {
    value: false,
    evidence: `tried: ${why}`,
    reasonIfAbsent: `this kernel cannot limit an interface (htb, sfq and act_police are needed): ${why}`,
  };
};

const known = new WeakMap<Host, Promise<Capability>>();

/** Whether the kernel of this host can do it; a kernel does not change while it runs, so it is asked once. */
export const limitCapability = (host: Host): Promise<Capability> => {
  const asked = known.get(host) ?? tryLimit(host);
  known.set(host, asked);
  asked.catch(() => known.delete(host));
  return asked;
};
