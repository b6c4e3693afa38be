import { isIPv4 } from 'node:net';
import type { NetworkClaim } from '@innkeeper/driver-contract';
import { InnkeeperError, namePattern, uidRangeSize } from '@innkeeper/model';
import type { Definition } from './definition.ts';

/** The scheduler's accounting period, in µs: the kernel's own default. */
export const cpuPeriod = 100_000;

/** How a host keeps its cgroups: v1 controllers, alone or beside v2 (hybrid), or v2 alone. */
export type CgroupLayout = 1 | 2;

const refuse = (key: string, value: string): never => {
  throw new InnkeeperError('unsupported', `lxc-tools cannot write ${key} = ${JSON.stringify(value)}`);
};

/** A config file has no quoting: a value that could end its line, or be cut at its ends, is refused. */
const line = (key: string, value: string | number, allowed: RegExp | ((text: string) => boolean)): string => {
  const text = String(value);
  const fits = allowed instanceof RegExp ? allowed.test(text) : allowed(text);
  return fits && /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(text) ? `${key} = ${text}` : refuse(key, text);
};

const whole = /^[0-9]+$/;
const literal = /./;

const withPrefix = (text: string): boolean => {
  const [ip = '', prefix = ''] = text.split('/');
  return isIPv4(ip) && whole.test(prefix) && Number(prefix) <= 32;
};

const networkLines = (definition: Definition, { network, mac, address }: NetworkClaim, position: number): string[] => {
  const key = (name: string): string => `lxc.net.${position}.${name}`;
  return [
    line(key('type'), 'veth', literal),
    line(key('link'), definition.bridges[network] ?? '', /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/),
    line(key('flags'), 'up', literal),
    line(key('name'), `eth${position}`, literal),
    line(key('hwaddr'), mac, /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/),
    ...(address === undefined ? [] : [line(key('ipv4.address'), `${address.ip}/${address.prefix}`, withPrefix)]),
    ...(address === undefined || position > 0 ? [] : [line(key('ipv4.gateway'), address.gateway, isIPv4)]),
  ];
};

/** Limits by the keys of the host's own layout: those of the other one make LXC 5 fail or mean nothing. */
const limitLines = ({ spec }: Definition, layout: CgroupLayout): string[] =>
  layout === 1
    ? [
        line('lxc.cgroup.memory.limit_in_bytes', spec.memoryBytes, whole),
        line('lxc.cgroup.cpu.cfs_period_us', cpuPeriod, whole),
        line('lxc.cgroup.cpu.cfs_quota_us', cpuPeriod * spec.cpus, whole),
      ]
    : [
        line('lxc.cgroup2.memory.max', spec.memoryBytes, whole),
        line('lxc.cgroup2.cpu.max', `${cpuPeriod * spec.cpus} ${cpuPeriod}`, /^[0-9]+ [0-9]+$/),
      ];

/**
 * A container's config, by keys of lxc.container.conf(5). Id map, private network and a root of its own are not
 * options: a container that shares the host's cannot be expressed, and without a claim its network is an empty one.
 */
export const containerConfig = (definition: Definition, root: string, layout: CgroupLayout): string => {
  const { claims, name } = definition;
  const map = `0 ${claims.uidStart} ${uidRangeSize}`;
  return [
    line('lxc.include', '/usr/share/lxc/config/common.conf', literal),
    line('lxc.include', '/usr/share/lxc/config/userns.conf', literal),
    line('lxc.uts.name', name, namePattern),
    line('lxc.rootfs.path', `dir:${root}`, /^dir:\/[^\s:]+$/),
    line('lxc.idmap', `u ${map}`, literal),
    line('lxc.idmap', `g ${map}`, literal),
    // userns.conf empties the list that common.conf drops; none of these means anything inside a user namespace.
    line('lxc.cap.drop', 'mac_admin mac_override sys_time sys_module sys_rawio', literal),
    line('lxc.apparmor.profile', 'generated', literal),
    line('lxc.apparmor.allow_nesting', 1, literal),
    line('lxc.start.auto', 0, literal),
    ...(claims.networks.length === 0 ? [line('lxc.net.0.type', 'empty', literal)] : []),
    ...claims.networks.flatMap((claim, position) => networkLines(definition, claim, position)),
    ...limitLines(definition, layout),
    '',
  ].join('\n');
};
