import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { host, type InstalledOptions, installedAs, virsh } from '../installed.ts';
import { type OpenPage, openBrowser, openPage } from './chromium.ts';

/** The first container may have to wait for its image to be built. */
export const making = { timeout: 240_000 };

/** Containers of the browser tests that libvirt knows. */
export const guests = async (): Promise<string[]> =>
  (await virsh('lxc:///system', 'list', '--all', '--name')).split('\n').filter((name) => name.startsWith('test-web-'));

/** One sitting in one browser tab, on an installation of its own that is purged at its end. */
export const sittingAt = (options: InstalledOptions) => {
  const { installation, inn, setUp } = installedAs(options);
  const home = `${installation.INNKEEPER_PREFIX}/browser`;
  const address = `http://${installation.INNKEEPER_LISTEN}/`;
  let browser: Browser;
  let opened: OpenPage;
  let token: string;

  const button = (name: string | RegExp): Locator => opened.page.getByRole('button', { name });
  const field = (name: string): Locator => opened.page.getByRole('textbox', { name });
  const dialog = (name: string): Locator => opened.page.getByRole('dialog', { name });
  const named = (name: string): Locator =>
    opened.page.getByRole('row').filter({ has: opened.page.getByRole('link', { name, exact: true }) });

  beforeAll(async () => {
    await setUp('down', '--purge', '--yes');
    const up = await setUp('up', '--yes', '--no-lab');
    expect(up.exitCode, `${up.stdout}\n${up.stderr}`).toBe(0);
    token = /Token of "admin": (ink_\S+)/.exec(up.stdout)?.[1] ?? '';
    expect(up.stdout).toContain(`http://${installation.INNKEEPER_LISTEN}`);
    await host.files.makeDirectory(home);
    browser = await openBrowser(home);
    opened = await openPage(browser, address);
  });

  afterAll(async () => {
    await browser?.close();
    await host.files.remove(home);
    await setUp('down', '--purge', '--yes');
    expect(await guests()).toEqual([]);
    expect(await host.files.list(installation.INNKEEPER_PREFIX)).toEqual([]);
    await host.files.remove(installation.INNKEEPER_PREFIX);
  });

  return {
    installation,
    inn,
    setUp,
    button,
    field,
    dialog,
    /** The row of a guest in the list. */
    named,
    inState: (name: string, state: string): Locator =>
      named(name).filter({ has: opened.page.getByText(state, { exact: true }) }),
    close: async (name: string): Promise<void> => {
      await opened.page.keyboard.press('Escape');
      await dialog(name).waitFor({ state: 'hidden' });
    },
    /** Another tab that shares nothing with the first. */
    openAnother: (): Promise<OpenPage> => openPage(browser, address),
    signIn: async (page: Page, secret: string): Promise<void> => {
      await page.getByRole('textbox', { name: 'Access token' }).fill(secret);
      await page.getByRole('button', { name: 'Sign in' }).click();
    },
    get opened(): OpenPage {
      return opened;
    },
    get page(): Page {
      return opened.page;
    },
    /** The administrator's, which set-up printed. */
    get token(): string {
      return token;
    },
  };
};
