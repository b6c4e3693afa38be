import type { NetworkClaim } from '@innkeeper/driver-contract';
import { type Seed, seedOf } from '../shared/cloud-init.ts';
import type { Definition } from '../shared/definition.ts';

const isUnserved = ({ address }: NetworkClaim): boolean => address?.unserved === true;

/** Whether its image is one that Innkeeper builds. */
export const runsOurImage = ({ spec }: Pick<Definition, 'spec'>): boolean => spec.image.source.kind === 'mmdebstrap';

/** Whether a machine is told anything at its first boot: by its manifest, or an address that no DHCP server knows. */
export const hasFirstBoot = (definition: Definition): boolean =>
  definition.spec.cloudInit !== undefined || (runsOurImage(definition) && definition.claims.networks.some(isUnserved));

/** What the disk of a machine's first boot holds; undefined for one that is told nothing. */
export const machineSeed = (definition: Definition): Seed | undefined =>
  seedOf({
    ...definition,
    spec: hasFirstBoot(definition)
      ? { ...definition.spec, cloudInit: definition.spec.cloudInit ?? {} }
      : definition.spec,
  });

/**
 * A word of the kernel's command line by which cloud-init sets addresses that no DHCP server gives; none without such. It
 * counts more than the image's own word that addresses come from outside. Names are those that containers have.
 * [cloud-init 22.4, cmdline.py and stages.py; networking config version 1]
 */
export const networkConfigWords = (definition: Definition): string[] => {
  const config = definition.claims.networks.flatMap(({ mac, address }, position) =>
    address?.unserved === true
      ? [
          {
            type: 'physical',
            name: `eth${position}`,
            mac_address: mac,
            subnets: [
              {
                type: 'static',
                address: `${address.ip}/${address.prefix}`,
                ...(position === 0 ? { gateway: address.gateway } : {}),
                dns_nameservers: [address.gateway],
              },
            ],
          },
        ]
      : [],
  );
  if (config.length === 0 || !runsOurImage(definition)) return [];
  return [`network-config=${Buffer.from(JSON.stringify({ version: 1, config })).toString('base64')}`];
};

/** What a plan says of addresses that no DHCP server gives. */
export const unservedWarnings = ({ claims, spec }: Pick<Definition, 'claims' | 'spec'>): string[] =>
  claims.networks.flatMap(({ network, address }) =>
    address?.unserved === true
      ? [
          runsOurImage({ spec })
            ? `network ${network}: the address ${address.ip} is set at the machine's first boot; a later change of it is made inside`
            : `network ${network}: the address ${address.ip} is reserved, and set inside by hand: nobody tells it to this machine`,
        ]
      : [],
  );
