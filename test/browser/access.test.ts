import type { TokenView } from '@innkeeper/model';
import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { host, virsh } from '../installed.ts';
import type { OpenPage } from './chromium.ts';
import { tabTo } from './keyboard.ts';
import { contrastOf, overhang } from './looks.ts';
import { making, sittingAt } from './sitting.ts';

const sitting = sittingAt({ name: 'browser-access', listen: '127.0.0.1:7796' });
const { installation, inn, setUp, button, field, dialog, named, inState, close } = sitting;
/** Set-up stops the control plane, loads the dump and starts another one. */
const restoring = { timeout: 90_000 };

const tokenRow = (name: string): Locator =>
  sitting.page.getByRole('row').filter({ has: sitting.page.getByRole('rowheader', { name, exact: true }) });
const entry = (text: string): Locator =>
  sitting.page.getByRole('table', { name: 'Entries of the audit log' }).getByRole('row').filter({ hasText: text });
const goTo = (section: string): Promise<void> => sitting.page.getByRole('link', { name: section, exact: true }).click();

/** Two entries of the audit log. */
const makeAndRevoke = async (name: string): Promise<void> => {
  const path = `http://${installation.INNKEEPER_LISTEN}/v1/tokens`;
  const headers = { authorization: `Bearer ${sitting.token}`, 'content-type': 'application/json' };
  const made = await fetch(path, { method: 'POST', headers, body: JSON.stringify({ name, role: 'viewer' }) });
  const { id } = (await made.json()) as TokenView;
  expect((await fetch(`${path}/${id}`, { method: 'DELETE', headers })).status).toBe(204);
};

describe('who may do what, and what is not as it was asked, in Chromium', () => {
  let other: OpenPage;
  let secret: string;
  let dump: string;

  it('makes a token with the keyboard alone, and shows its secret once', async () => {
    const { page } = sitting;
    await sitting.signIn(page, sitting.token);
    await goTo('Access');
    await tokenRow('admin').getByText('until it is revoked').waitFor();
    await tabTo(page, button('New token'));
    await page.keyboard.press('Enter');
    await dialog('New token').waitFor();
    await tabTo(page, field('Name'));
    await page.keyboard.type('test-looker');
    await tabTo(page, field('Good for'));
    await page.keyboard.type('soon');
    await page.keyboard.press('Enter');
    await page.getByText('"soon" is not a duration from 1s to 3650d, such as 30d').waitFor();
    await field('Good for').fill('30d');
    await page.keyboard.press('Enter');
    await dialog('Token test-looker').getByText('It is never shown again').waitFor();
    await page.keyboard.press('Escape');
    secret = await field('Secret').inputValue();
    expect(secret).toMatch(/^ink_\S{43}$/);
    await button('I have it').click();
    await dialog('Token test-looker').waitFor({ state: 'hidden' });
    await tokenRow('test-looker').getByText('viewer').waitFor();
    expect(await page.content()).not.toContain(secret);
    expect(await button('New token').evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it('says to whom it lets in with that token that access is for administrators', async () => {
    other = await sitting.openAnother();
    await sitting.signIn(other.page, secret);
    await other.page.getByText('test-looker (viewer)').waitFor();
    expect(await other.page.getByRole('link', { name: 'Access' }).count()).toBe(0);
    // Who has kept its address.
    await other.page.evaluate(() => {
      window.location.hash = 'access';
    });
    await other.page.getByText('test-looker has the role viewer; this needs admin').waitFor();
    expect(await other.page.getByRole('button', { name: 'New token' }).count()).toBe(0);
  });

  it('revokes it after a question, and whoever came with it is signed out', async () => {
    await tokenRow('test-looker').getByRole('button', { name: 'Revoke test-looker' }).click();
    await dialog('Revoke test-looker?').getByRole('button', { name: 'Revoke test-looker' }).click();
    await tokenRow('test-looker').waitFor({ state: 'hidden' });
    await other.page.getByText('You were signed out').waitFor({ timeout: 30_000 });
    await sitting.page.getByRole('switch', { name: 'With those that were revoked' }).click();
    await tokenRow('test-looker')
      .getByText(/^revoked /)
      .waitFor();
    expect([...other.errors].filter((error) => error.startsWith('403'))).toEqual(['403 /v1/audit']);
  });

  it('shows all that in the audit log, what was refused as well, and what it was before and after', async () => {
    const { page } = sitting;
    await entry('POST /v1/tokens').filter({ hasText: 'token test-looker' }).waitFor();
    await entry('GET /v1/audit').filter({ hasText: 'refused' }).waitFor();
    const revoked = page.getByRole('button', { name: 'Details of DELETE token test-looker by admin' });
    await revoked.click();
    expect(await revoked.getAttribute('aria-expanded')).toBe('true');
    await page.getByText('"role": "viewer"').waitFor();
    await page.getByRole('combobox', { name: 'Only what was done by' }).fill('test-looker');
    await entry('POST /v1/tokens').first().waitFor({ state: 'hidden' });
    await entry('GET /v1/audit').waitFor();
    await page.getByRole('combobox', { name: 'Only what was done by' }).fill('nobody-at-all');
    await page.getByText('There is no such entry. Names count as a whole.').waitFor();
    await page.getByRole('combobox', { name: 'Only what was done by' }).fill('');
    await entry('POST /v1/tokens').first().waitFor();
  });

  it('reads on in the audit log where more was done than one page holds', async () => {
    for (let at = 0; at < 30; at += 1) await makeAndRevoke(`test-many-${at}`);
    await entry('token test-many-29').first().waitFor();
    expect(await entry('POST /v1/tokens').filter({ hasText: 'token admin' }).count()).toBe(0);
    await button('Older').click();
    await entry('POST /v1/tokens').filter({ hasText: 'token admin' }).waitFor();
    await button('Older').waitFor({ state: 'hidden' });
  });

  it.each(['light', 'dark'] as const)('is readable when the system is %s, and fits 400 pixels', async (colorScheme) => {
    const { page } = sitting;
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 400, height: 800 });
    await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
    const texts = [
      tokenRow('admin').getByText('until it is revoked'),
      tokenRow('admin').getByText('Revoke', { exact: true }),
      entry('token test-many-29').first().getByText('done', { exact: true }),
      page.getByText('from 127.0.0.1').first(),
    ];
    for (const text of texts) expect(await contrastOf(text), `${text}`).toBeGreaterThanOrEqual(4.5);
    expect(await overhang(page)).toBe(0);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('says of a workload that somebody edited what was asked, what there is, and what corrects it', async () => {
    const { page } = sitting;
    dump = (await inn('dump', 'create')).stdout.trim();
    expect((await inn('run', 'debian/12', '--name', 'test-web-edited', '--memory', '256MiB')).exitCode).toBe(0);
    await goTo('Workloads');
    await inState('test-web-edited', 'running').waitFor(making);
    const definition = await virsh('lxc:///system', 'dumpxml', '--inactive', 'test-web-edited');
    const file = `${installation.INNKEEPER_PREFIX}/edited.xml`;
    await host.files.write(file, definition.replaceAll("'KiB'>262144<", "'KiB'>131072<"));
    await virsh('lxc:///system', 'define', file);
    await host.files.remove(file);
    await named('test-web-edited').getByText('drift', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'test-web-edited', exact: true }).click();
    const differences = page.getByRole('table', { name: 'Differences of test-web-edited' });
    await differences
      .getByRole('row', { name: /memory changed by others 256MiB 256MiB now 128MiB from its/ })
      .waitFor();
    await differences
      .getByText('What corrects it: inn apply, or any change of test-web-edited, sets it back')
      .waitFor();
    await close('test-web-edited');
  });

  it('says when hosts know more than a restored database, shows what can be taken back, and takes it back', async () => {
    const { page } = sitting;
    const restored = await setUp('up', '--yes', '--no-lab', '--restore', dump);
    expect(restored.exitCode, restored.stderr).toBe(0);
    await page.getByText('The hosts know more than the inventory').waitFor(restoring);
    await named('test-web-edited').getByText('not in the inventory').waitFor(restoring);
    await button('Look what can be taken back').click();
    const plan = dialog('What can be taken back from the hosts');
    await plan.getByText('1 workload and 0 networks would be taken back').waitFor();
    await plan.getByRole('row', { name: /^test-web-edited \S+ lxc running not in the inventory/ }).waitFor();
    await plan.getByRole('button', { name: 'Take back' }).click();
    const done = dialog('Taken back from the hosts');
    await done.getByText('1 workload and 0 networks were taken back').waitFor();
    await done.getByRole('button', { name: 'Close' }).last().click();
    await page.getByText('The hosts know more than the inventory').waitFor({ state: 'hidden' });
    await named('test-web-edited').getByRole('button', { name: 'Stop test-web-edited' }).waitFor();
  });

  it('did all that in one load, without an error but for what was refused, and while nobody answered', () => {
    expect(sitting.opened.loads()).toBe(1);
    const answered = [...sitting.opened.errors].filter((error) => /^[1-4]\d\d /.test(error));
    expect(answered).toEqual(['400 /v1/tokens']);
  });
});
