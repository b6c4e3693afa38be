import type { Seed } from '../shared/cloud-init.ts';
import type { Definition } from '../shared/definition.ts';
import { hasFirstBoot, machineSeed, runsOurImage } from './first-boot.ts';

/**
 * Run by cloud-init in the machine, before its SSH server starts; its words are the id, the name and the name of the machine that it was
 * copied from. What is not there is not made, and an empty id is filled in by the machine itself. A key is there at any moment, and what
 * a power cut leaves is done again. [cloud-init-per(1)]
 */
const renewing = `
id=$1 name=$2 former=$3
for file in /etc/machine-id /var/lib/dbus/machine-id; do
  if [ -f "$file" ] && [ ! -L "$file" ] && [ -s "$file" ]; then echo "$id" > "$file"; fi
done
if [ -f /etc/hosts ]; then
  sed -i -E "/^(127[.]|::1)/ s/(^|[[:space:]])$former([[:space:]]|\\$)/\\\\1$name\\\\2/g" /etc/hosts
fi
for key in /etc/ssh/ssh_host_*_key; do
  [ -f "$key" ] || continue
  kind=\${key#/etc/ssh/ssh_host_}
  kind=\${kind%_key}
  case $kind in
    rsa | ecdsa | ed25519)
      rm -f "$key.new" "$key.new.pub"
      ssh-keygen -q -t "$kind" -N '' -C "root@$name" -f "$key.new"
      mv -f "$key.new.pub" "$key.pub"
      mv -f "$key.new" "$key"
      ;;
    *) rm -f "$key" "$key.pub" ;;
  esac
done
rm -f /etc/ssh/ssh_host_*_key-cert.pub /etc/dropbear/*_host_key /var/lib/NetworkManager/secret_key
rm -f /var/lib/systemd/random-seed /var/lib/systemd/credential.secret /var/lib/urandom/random-seed
`;

/**
 * What a machine that begins with a copy is told at its first start: who it is. What the other one did at its first boot stands:
 * nothing of that is done again, which could format a volume.
 */
const renewalSeed = ({ name, uuid }: Pick<Definition, 'name' | 'uuid'>, former: string): Seed => ({
  'meta-data': `${JSON.stringify({ 'instance-id': uuid, 'local-hostname': name })}\n`,
  'user-data': `#cloud-config\n${JSON.stringify(
    {
      hostname: name,
      cloud_init_modules: ['bootcmd'],
      cloud_config_modules: [],
      cloud_final_modules: [],
      bootcmd: [
        [
          ...['cloud-init-per', 'instance', 'innkeeper-identity', 'sh', '-ec', renewing, 'sh'],
          ...[uuid.replaceAll('-', ''), name, former],
        ],
      ],
    },
    null,
    1,
  )}\n`,
});

/** Whether cloud-init is in a machine: in those of our images, and where the manifest has something for it to do. */
const hasCloudInit = (definition: Definition): boolean =>
  definition.spec.image.family !== 'windows' && (runsOurImage(definition) || hasFirstBoot(definition));

/**
 * What the disk of the first boot of a copy holds. `written`: whether the other machine had written anything by then; where not, its
 * own first boot is still to come. Undefined for one that is told nothing.
 */
export const copySeed = (definition: Definition, former: string, written: boolean): Seed | undefined =>
  written && hasCloudInit(definition) ? renewalSeed(definition, former) : machineSeed(definition);
