import type { CompleteSpec } from '@innkeeper/model';

/** What cloud-init reads of a NoCloud source, by file name. [cloud-init, Reference, NoCloud] */
export interface Seed {
  readonly 'meta-data': string;
  readonly 'user-data': string;
}

type CloudInit = NonNullable<CompleteSpec['cloudInit']>;

/** Without a name: the image's own default user, who may use sudo. */
const usersOf = ({ users }: CloudInit): object =>
  users === undefined
    ? {}
    : {
        users: [
          'default',
          ...users.map(({ name, sshKeys, sudo, shell }) => ({
            name,
            shell: shell ?? '/bin/bash',
            lock_passwd: true,
            ...(sshKeys === undefined ? {} : { ssh_authorized_keys: sshKeys }),
            ...(sudo === true ? { sudo: 'ALL=(ALL) NOPASSWD:ALL' } : {}),
          })),
        ],
      };

const filesOf = ({ files }: CloudInit): object =>
  files === undefined
    ? {}
    : {
        write_files: files.map(({ path, content, mode, owner }) => ({
          path,
          content: Buffer.from(content).toString('base64'),
          encoding: 'b64',
          permissions: mode ?? '0644',
          owner: owner ?? 'root:root',
          // A user of this manifest may own it: written when those are there.
          defer: true,
        })),
      };

/**
 * Debian's locale-gen makes what stands in its file and takes no words, of which cloud-init is not aware: its own module
 * finds no such locale then. [cloud-init 22.4, tried] Those of the C library need no making.
 */
const localeOf = ({ locale }: CloudInit): object =>
  locale === undefined
    ? {}
    : /^(C|POSIX)(\.|$)/.test(locale)
      ? { locale }
      : {
          bootcmd: [
            [
              'cloud-init-per',
              'instance',
              'innkeeper-locale',
              'sh',
              '-c',
              'printf "%s %s\\n" "$1" "$2" >> /etc/locale.gen && locale-gen',
              'sh',
              locale,
              /\.([^@]+)/.exec(locale)?.[1] ?? 'ISO-8859-1',
            ],
          ],
          locale,
        };

/** A cloud-config is YAML, and JSON is YAML. [YAML 1.2] */
const configOf = (cloudInit: CloudInit, name: string): string => {
  const { hostname, sshKeys, packages, commands, timezone } = cloudInit;
  return `#cloud-config\n${JSON.stringify(
    {
      hostname: hostname ?? name,
      // root gets them as well, and is not told to be somebody else.
      ...(sshKeys === undefined ? {} : { ssh_authorized_keys: sshKeys, disable_root: false }),
      ...usersOf(cloudInit),
      ...(packages === undefined ? {} : { package_update: true, packages }),
      ...filesOf(cloudInit),
      ...localeOf(cloudInit),
      ...(timezone === undefined ? {} : { timezone }),
      ...(commands === undefined ? {} : { runcmd: commands }),
    },
    null,
    1,
  )}\n`;
};

const boundary = 'innkeeper-user-data';

/** Two parts: what the manifest says by field, and the user's own, which cloud-init lets win. [RFC 2046] */
const together = (config: string, own: string): string =>
  [
    `Content-Type: multipart/mixed; boundary="${boundary}"\nMIME-Version: 1.0\n`,
    ...[config, own].map(
      (part) =>
        `--${boundary}\nContent-Type: ${part.startsWith('#!') ? 'text/x-shellscript' : 'text/cloud-config'}\nContent-Transfer-Encoding: base64\n\n${Buffer.from(part).toString('base64')}\n`,
    ),
    `--${boundary}--\n`,
  ].join('\n');

/**
 * What a guest is told at its first boot; undefined when its manifest says nothing. The instance is the workload: another
 * one with the same disk is a new instance, and gets keys of its own.
 */
export const seedOf = ({
  name,
  uuid,
  spec,
}: {
  readonly name: string;
  readonly uuid: string;
  readonly spec: Pick<CompleteSpec, 'cloudInit'>;
}): Seed | undefined => {
  const { cloudInit } = spec;
  if (cloudInit === undefined) return undefined;
  const config = configOf(cloudInit, name);
  return {
    'meta-data': `${JSON.stringify({ 'instance-id': uuid, 'local-hostname': cloudInit.hostname ?? name })}\n`,
    'user-data': cloudInit.userData === undefined ? config : together(config, cloudInit.userData),
  };
};
