import { z } from 'zod';
import { nameField } from '../names.ts';
import { absolutePath } from './lifecycle.ts';

const found = (issue: { readonly input?: unknown }): string => `"${String(issue.input).slice(0, 40)}"`;

/** As OpenSSH writes public keys: a kind, the key in base64, and whose it is. [sshd(8), AUTHORIZED_KEYS] */
const publicKey =
  /^(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/=]{40,}( [^\n\0]*)?$/;

const sshKey = z
  .string()
  .trim()
  .max(8000)
  .refine((text) => publicKey.test(text), {
    error: (issue) => `${found(issue)} is not a public ssh key, such as the line in ~/.ssh/id_ed25519.pub`,
  });

/** As useradd takes them. [useradd(8)] */
const account = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be the name of a user: lower-case letters, digits, - and _');

const user = z.strictObject({
  name: account,
  sshKeys: z.array(sshKey).max(64).optional(),
  sudo: z.boolean().optional().meta({ description: 'true: may become root without a password' }),
  shell: absolutePath.optional(),
});

const file = z.strictObject({
  path: absolutePath,
  content: z.string().max(16 * 1024),
  mode: z
    .string()
    .regex(/^0?[0-7]{3,4}$/, 'must be permissions such as 0644')
    .optional(),
  owner: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*(:[a-z_][a-z0-9_-]*)?$/, 'must be a user, or user:group')
    .optional(),
});

/** A specification is kept with its guest, where libvirt's metadata ends at 64 KiB. Amazon's limit is 16 KiB. */
const largestUserData = 24 * 1024;
const fits = (text: string): boolean => new TextEncoder().encode(text).length <= largestUserData;

const userData = z
  .string()
  .refine(fits, { error: 'is more than 24 KiB; fetch what is large at the first boot' })
  .refine((text) => /^#cloud-config\s*\n|^#!/.test(text), {
    error: (issue) =>
      `begins with ${found(issue)}: it must begin with #cloud-config, or be a script that begins with #!`,
  });

/** One meaning in containers and virtual machines; `userData` is cloud-init's own, and wins over the other fields. */
export const cloudInitField = z
  .strictObject({
    hostname: nameField.optional(),
    sshKeys: z.array(sshKey).max(64).optional().meta({ description: 'For root and for the user of the image' }),
    users: z.array(user).max(64).optional(),
    packages: z
      .array(z.string().regex(/^[a-z0-9][a-z0-9+.:-]*$/, 'must be the name of a package'))
      .max(200)
      .optional(),
    files: z.array(file).max(64).optional(),
    commands: z
      .array(z.union([z.string().max(8000), z.array(z.string().max(8000))]))
      .max(200)
      .optional(),
    locale: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_.@-]{0,63}$/, 'must be a locale such as de_DE.UTF-8')
      .optional(),
    timezone: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/, 'must be a time zone such as Europe/Berlin')
      .optional(),
    userData: userData.optional().meta({ description: 'cloud-init user data: #cloud-config, or a script' }),
  })
  .meta({ id: 'CloudInit' });
