import { fileURLToPath } from 'node:url';
import { localHost } from '@innkeeper/host';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';

const host = localHost('test');
const folder = '/tmp/innkeeper-test-publish';
const program = fileURLToPath(new URL('../sh/publish.sh', import.meta.url));
const mark = 'innkeeper-test-publish';

const nftRules = (family: string): string =>
  `nft 'table ${family} libvirt_network { chain guest_input { oifname "brx" counter reject; }; chain forward { type filter hook forward priority filter; policy accept; jump guest_input; }; }'`;
const tablesRules = (program: string): string =>
  `${program} -w -N LIBVIRT_FWI; ${program} -w -A FORWARD -j LIBVIRT_FWI; ${program} -w -A LIBVIRT_FWI -o brx -j REJECT`;
const nftAsking = (family: string): string =>
  `nft list chain ${family} libvirt_network forward | grep -E "dnat|jump" | sed "s/^[[:space:]]*//; s/counter packets 0 bytes 0 //"`;

/** As libvirt makes them, from 10.4 on in nftables, before that in iptables; for each family. */
const libvirtRules = {
  'nftables, ip': nftRules('ip'),
  'nftables, ip6': nftRules('ip6'),
  iptables: tablesRules('iptables'),
  ip6tables: tablesRules('ip6tables'),
} as const;
const asking = {
  'nftables, ip': nftAsking('ip'),
  'nftables, ip6': nftAsking('ip6'),
  iptables: 'iptables -w -S FORWARD | grep -- -A',
  ip6tables: 'ip6tables -w -S FORWARD | grep -- -A',
} as const;
const again = {
  'nftables, ip': 'nft insert rule ip libvirt_network forward jump guest_input',
  'nftables, ip6': 'nft insert rule ip6 libvirt_network forward jump guest_input',
  iptables: 'iptables -w -I FORWARD -j LIBVIRT_FWI',
  ip6tables: 'ip6tables -w -I FORWARD -j LIBVIRT_FWI',
} as const;

const publish = `sh ${program} ${folder} ${mark}`;

/** In a network of its own, of which nothing is left. */
const inNetwork = async (...commands: readonly string[]): Promise<string[]> => {
  const script = ['mount -t sysfs none /sys', 'ip link set lo up', ...commands].join('\n');
  const { stdout } = await host.run(['unshare', '--net', '--mount', 'sh', '-ec', script]);
  return stdout.trim().split('\n');
};

beforeEach(async () => {
  await host.files.makeDirectory(folder, 0o700);
  await host.files.write(`${folder}/published.nft`, `table inet ${mark} {}\ndelete table inet ${mark}\n`);
  await host.files.write(`${folder}/bridges`, 'brx\n');
});

afterAll(() => host.files.remove(folder));

describe.each(['nftables, ip', 'nftables, ip6', 'iptables', 'ip6tables'] as const)(
  "where libvirt's rules are in %s",
  (backend) => {
    it('what was led to a guest is let in before they are asked, once', async () => {
      const [first, second, ...rest] = await inNetwork(libvirtRules[backend], publish, publish, asking[backend]);
      expect(first).toMatch(/brx.*dnat.*innkeeper-test-publish/i);
      expect(second).toMatch(/guest_input|LIBVIRT_FWI/);
      expect(rest).toEqual([]);
    });

    it('and before what libvirt puts there later', async () => {
      const [first, ...rest] = await inNetwork(
        libvirtRules[backend],
        publish,
        again[backend],
        publish,
        asking[backend],
      );
      expect(first).toMatch(/brx.*dnat/i);
      expect(rest.filter((line) => /dnat/i.test(line))).toEqual([]);
    });

    it('nothing is let in any more when nothing is published', async () => {
      const lines = await inNetwork(libvirtRules[backend], publish, `: > ${folder}/bridges`, publish, asking[backend]);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/guest_input|LIBVIRT_FWI/);
    });
  },
);
