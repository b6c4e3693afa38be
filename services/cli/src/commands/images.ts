import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorOf } from '@innkeeper/client';
import {
  formatSize,
  type ImageRequest,
  type ImageVariant,
  type ImageView,
  InnkeeperError,
  imageRequest,
  parseWith,
} from '@innkeeper/model';
import type { Command } from 'commander';
import { finishAll } from '../follow.ts';
import { imageProgress } from '../show/image-progress.ts';
import { imageLines, imageTable } from '../show/images.ts';
import { checkFormat, outputOption, print, printItems, say } from '../show/output.ts';
import { client } from '../target.ts';
import { examples } from './examples.ts';

const askEveryMs = 400;

/** Follows what was begun to its end. Throws why it failed. */
const follow = async (begun: ImageView): Promise<ImageView> => {
  const shown = imageProgress(begun.name);
  let view = begun;
  while (view.progress !== undefined) {
    shown.update(view.progress);
    await delay(askEveryMs);
    view = await client().image(view.name);
  }
  shown.finish();
  if (view.error !== undefined) throw errorOf(view.error);
  return view;
};

const variants: Readonly<Record<string, ImageVariant>> = { container: 'rootfs', vm: 'disk' };

const variantOf = (text: string | undefined): ImageVariant | undefined => {
  if (text === undefined) return undefined;
  const found = variants[text];
  if (found === undefined)
    throw new InnkeeperError('invalid', `--variant ${text}: must be one of ${Object.keys(variants).join(', ')}`);
  return found;
};

const variantOption = ['--variant <kind>', 'container or vm (default: what the file is)'] as const;

const bring = async (request: ImageRequest): Promise<void> => {
  const view = await follow(await client().importImage(parseWith(imageRequest, request, 'image')));
  for (const note of view.stored.flatMap(({ notes }) => notes)) say(note);
  say(`image ${view.name}: ${formatSize(view.bytes ?? 0)}, on ${view.hosts.join(', ') || 'no host that answers'}`);
  print(view.name);
};

/** What a workload holds now, kept until the work with it is done. */
const withSnapshot = async (workload: string, work: (snapshot: string) => Promise<void>): Promise<void> => {
  const name = `publish-${Date.now()}`;
  await finishAll(
    client(),
    [await client().snapshot(workload, { name, description: 'until an image is made of it' })],
    true,
  );
  try {
    await work(name);
  } finally {
    await finishAll(client(), [await client().removeSnapshot(workload, name)], true);
  }
};

const isAddress = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(text);

const addReading = (images: Command): void => {
  images
    .command('ls', { isDefault: true })
    .description('list the images that workloads can be made of')
    .option(...outputOption)
    .action(async ({ output }: { output: string }) => {
      const views = await client().images();
      await printItems(
        checkFormat(output),
        views,
        ({ name }) => name,
        (wide) => imageTable(views, wide),
      );
    });
  images
    .command('show <image>')
    .description('one image: where it came from, what is kept of it, who uses it')
    .option(...outputOption)
    .action(async (name: string, { output }: { output: string }) => {
      const view = await client().image(name);
      await printItems(
        checkFormat(output),
        [view],
        (one) => one.name,
        () => imageLines(view).join('\n'),
      );
    });
};

const addBringing = (images: Command): void => {
  images
    .command('import <source>')
    .description('import a root file system (tar, tar.gz, tar.xz, tar.zst, squashfs) or a disk (qcow2, vmdk, raw)')
    .requiredOption('--as <name>', 'what it is to be called, such as alpine/3.20')
    .option('--sha256 <hex>', 'refuse anything else than the file with this checksum')
    .option(...variantOption)
    .addHelpText(
      'after',
      examples(
        ['inn image import ./rootfs.tar.xz --as my-debian', 'a file of the machine that Innkeeper runs on'],
        [
          'inn image import https://example.org/cloud.qcow2 --as cloud/9 --sha256 0c4f…',
          'an address; what comes is compared before it is opened',
        ],
        ['inn run my-debian --name web', 'a workload made of it'],
      ),
    )
    .action(async (source: string, options: { as: string; sha256?: string; variant?: string }) => {
      const variant = variantOf(options.variant);
      await bring({
        name: options.as,
        source: isAddress(source) ? source : resolve(source),
        ...(options.sha256 === undefined ? {} : { sha256: options.sha256 }),
        ...(variant === undefined ? {} : { variant }),
      });
    });
  images
    .command('publish <workload>')
    .description('make an image of what a container holds, without who it is; it goes on meanwhile')
    .requiredOption('--as <name>', 'what it is to be called, such as my/web')
    .option('--snapshot <name>', 'what it held then (default: what it holds now)')
    .addHelpText(
      'after',
      examples(
        ['inn image publish web --as my/web', 'what it holds now: it is kept in a snapshot until the image is made'],
        ['inn image publish web --as my/web --snapshot before-upgrade', 'what it held then'],
        ['inn run my/web --name web-2', 'a workload made of it'],
      ),
    )
    .action(async (workload: string, options: { as: string; snapshot?: string }) => {
      const publish = (snapshot: string): Promise<void> => bring({ name: options.as, workload, snapshot });
      if (options.snapshot !== undefined) return publish(options.snapshot);
      return withSnapshot(workload, publish);
    });
  images
    .command('pull <server> <name-there>')
    .description('pull an image from a simplestreams server, as those of LXD, Incus and Ubuntu are')
    .option('--as <name>', 'what it is to be called here (default: as there)')
    .option('--variant <kind>', 'container or vm (default: container, where the server has one)')
    .addHelpText(
      'after',
      examples(
        ['inn image pull https://images.linuxcontainers.org alpine/3.20', 'for containers'],
        [
          'inn image pull https://images.linuxcontainers.org debian/12/cloud --as cloud/debian-12 --variant vm',
          'a disk',
        ],
      ),
    )
    .action(async (server: string, image: string, options: { as?: string; variant?: string }) => {
      const variant = variantOf(options.variant);
      await bring({ name: options.as ?? image, server, image, ...(variant === undefined ? {} : { variant }) });
    });
};

const addChanging = (images: Command): void => {
  images
    .command('refresh <image>')
    .description('fetch an imported image anew when its source has changed; guests keep what they were made of')
    .action(async (name: string) => {
      const stamp = ({ stored }: ImageView): string => stored.map(({ sha256 }) => sha256).join();
      const before = stamp(await client().image(name));
      const view = await follow(await client().refreshImage(name));
      say(stamp(view) === before ? `image ${name} is as its source has it` : `image ${name} was fetched anew`);
    });
  images
    .command('rm <images...>')
    .description('remove imported images that no workload is made of')
    .action(async (names: readonly string[]) => {
      for (const name of names) {
        await client().removeImage(name);
        say(`image ${name} was removed`);
      }
    });
};

/** Images: those that come with Innkeeper, and what people bring. */
export const addImages = (program: Command): void => {
  const images = program.command('image').description('images that workloads are made of');
  addReading(images);
  addBringing(images);
  addChanging(images);
};
