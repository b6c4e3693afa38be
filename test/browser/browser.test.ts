import type { PlacementRecord, WorkloadView } from '@innkeeper/model';
import type { Locator } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { defineForeign, undefineForeign, virsh } from '../installed.ts';
import { tabTo } from './keyboard.ts';
import { brightnessOf, contrastOf, overhang } from './looks.ts';
import { guests, making, sittingAt } from './sitting.ts';

const sitting = sittingAt({ name: 'browser', listen: '127.0.0.1:7797' });
const { installation, inn, named, inState, button, field, dialog, close } = sitting;
const stopping = { timeout: 60_000 };

describe('the page, in Chromium', () => {
  afterAll(() => undefineForeign('test-web-foreign'));

  it('refuses a wrong token and says what to do', async () => {
    await sitting.signIn(sitting.page, 'ink_wrong');
    await sitting.page.getByText('This token is not accepted. Copy the whole token, beginning with ink_').waitFor();
    expect(await button('New workload').count()).toBe(0);
  });

  it('opens with the token that set-up printed, and is live', async () => {
    await sitting.signIn(sitting.page, sitting.token);
    await sitting.page.getByRole('status').getByText('live', { exact: true }).waitFor();
    await button('New workload').waitFor();
  });

  it('says while a workload is typed as what it would run, where and why', async () => {
    const { page } = sitting;
    await button('New workload').click();
    await field('Name').fill('test-web-one');
    await page.getByRole('combobox', { name: 'Image' }).click();
    await page.getByRole('option', { name: /^debian\/12/ }).click();
    const plan = page.getByRole('region', { name: 'Plan' });
    await plan.getByText(/^runs as a container on \S+: .*lighter as a container/).waitFor();
    await plan.getByText(/^chosen/).waitFor();
    await plan.getByText(/^virtual machine on/).waitFor();
    await page.getByText('Own kernel', { exact: true }).click();
    await plan.getByText(/^runs as a virtual machine on \S+: /).waitFor();
    await page.getByText('Default', { exact: true }).click();
    await plan.getByText(/^runs as a container on/).waitFor();
  });

  it('shows a bad value at its field, and says why nothing can be created', async () => {
    const { page } = sitting;
    const complaint = '"12 bananas" is not a size; write a number and a unit, such as 512MiB or 2GiB';
    await field('Memory').fill('12 bananas');
    await page.locator('[aria-invalid="true"]').waitFor();
    expect(await field('Memory').getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByText(complaint, { exact: true }).count()).toBe(1);
    const create = button(`Create test-web-one (not possible: ${complaint})`);
    expect(await create.getAttribute('aria-disabled')).toBe('true');
    await create.hover();
    await page.getByRole('tooltip').getByText(complaint).waitFor();
    await create.click({ force: true });
    expect(await guests()).toEqual([]);
  });

  it('creates it, and its row appears and turns to running by itself', async () => {
    await field('Memory').fill('256MiB');
    await button(/^Create test-web-one$/).click();
    await dialog('New workload').waitFor({ state: 'hidden' });
    await named('test-web-one').waitFor();
    await inState('test-web-one', 'running').waitFor(making);
    await named('test-web-one').getByText('256MiB').waitFor();
    const operations = sitting.page.getByRole('region', { name: 'List of operations' });
    await operations.getByRole('row', { name: /apply test-web-one admin done/ }).waitFor();
    expect(sitting.opened.loads()).toBe(1);
    expect(await guests()).toEqual(['test-web-one']);
  });

  it('shows the placement record with every candidate and every check', async () => {
    const { page } = sitting;
    const [record] = JSON.parse((await inn('explain', 'test-web-one', '-o', 'json')).stdout) as [PlacementRecord];
    expect(record.candidates.map(({ candidate }) => candidate.driver).sort()).toEqual(['kvm', 'lxc']);
    await page.getByRole('link', { name: 'test-web-one', exact: true }).click();
    const detail = dialog('test-web-one');
    await detail.getByText(`It ${record.reason}.`).waitFor();
    await detail.getByRole('tab', { name: 'Placement record' }).click();
    await detail.getByText(record.reason, { exact: true }).waitFor();
    for (const { candidate, checks } of record.candidates) {
      const card = detail.locator('section').filter({ hasText: `on ${candidate.host} (${candidate.driver})` });
      await card.waitFor();
      for (const { text } of checks) expect(await card.textContent()).toContain(text);
    }
  });

  it('stops it, and its row follows', async () => {
    await dialog('test-web-one').getByRole('button', { name: 'Stop test-web-one', exact: true }).click();
    await inState('test-web-one', 'stopped').waitFor(stopping);
    await close('test-web-one');
    expect((await virsh('lxc:///system', 'domstate', 'test-web-one')).trim()).toBe('shut off');
  });

  it('says on a disabled button why, to the eye and to a screen reader', async () => {
    const reason = 'test-web-one is stopped already';
    const stop = named('test-web-one').getByRole('button', { name: `Stop test-web-one (not possible: ${reason})` });
    await stop.waitFor();
    expect(await stop.getAttribute('aria-disabled')).toBe('true');
    await stop.hover();
    await sitting.page.getByRole('tooltip').getByText(reason).waitFor();
    const start = named('test-web-one').getByRole('button', { name: 'Start test-web-one', exact: true });
    expect(await start.getAttribute('aria-disabled')).toBe('false');
  });

  it('shows a foreign guest as foreign, and offers nothing but to adopt it', async () => {
    await defineForeign('test-web-foreign', installation.INNKEEPER_PREFIX);
    await inState('test-web-foreign', 'foreign').waitFor();
    expect(await named('test-web-foreign').getByRole('button').count()).toBe(0);
    await named('test-web-foreign').getByText('read-only').waitFor();
    await sitting.page.getByRole('link', { name: 'test-web-foreign' }).click();
    await dialog('test-web-foreign').getByText('Innkeeper did not create it').waitFor();
    await dialog('test-web-foreign').getByRole('row', { name: 'Started by its host no' }).waitFor();
    expect(await dialog('test-web-foreign').getByRole('button').allTextContents()).toEqual(['', 'Adopt']);
    await dialog('test-web-foreign').getByRole('button', { name: 'Adopt' }).click();
    await dialog('test-web-foreign').getByRole('button', { name: 'Release test-web-foreign' }).waitFor();
    await close('test-web-foreign');
    await inState('test-web-foreign', 'adopted').waitFor();
    await named('test-web-foreign').getByRole('button', { name: 'Release test-web-foreign' }).click();
    await inState('test-web-foreign', 'foreign').waitFor();
  });

  it('shows the networks with who is on them, makes one, and removes it', async () => {
    const { page } = sitting;
    const network = (name: string): Locator => page.getByRole('region', { name: `Network ${name}`, exact: true });
    await page.getByRole('link', { name: 'Networks' }).click();
    await network('default').getByText('made by others, on its host').waitFor();
    await network('default')
      .getByRole('row', { name: /^192\.168\.\S+ 52:54:00:\S+ test-web-one / })
      .waitFor();
    await network('default')
      .getByRole('button', { name: /^Remove default \(not possible: Innkeeper did not/ })
      .waitFor();
    await button('New network').click();
    await field('Name').fill('test-web-net');
    await field('Subnet').fill('10.219.81.7/24');
    await button(/^Create test-web-net$/).click();
    await dialog('New network').getByText('the subnet is 10.219.81.0/24').first().waitFor();
    await field('Subnet').fill('10.219.81.0/24');
    await button(/^Create test-web-net$/).click();
    await dialog('New network').waitFor({ state: 'hidden' });
    await network('test-web-net').getByText('nowhere yet').waitFor();
    await network('test-web-net').getByText('10.219.81.0/24').waitFor();
    await network('test-web-net').getByRole('button', { name: 'Remove test-web-net' }).click();
    await dialog('Remove test-web-net?').getByRole('button', { name: 'Remove test-web-net' }).click();
    await network('test-web-net').waitFor({ state: 'hidden' });
    await page.getByRole('link', { name: 'Workloads' }).click();
  });

  it('makes another with the keyboard alone', async () => {
    const { page } = sitting;
    await tabTo(page, button('New workload'));
    await page.keyboard.press('Enter');
    await dialog('New workload').waitFor();
    await tabTo(page, field('Name'));
    await page.keyboard.type('test-web-keys');
    await tabTo(page, page.getByRole('combobox', { name: 'Image' }));
    await page.keyboard.type('debian/12');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const create = button(/^Create test-web-keys$/);
    await create.waitFor();
    await tabTo(page, create);
    await page.keyboard.press('Enter');
    await dialog('New workload').waitFor({ state: 'hidden' });
    await inState('test-web-keys', 'running').waitFor(making);
    expect(await button('New workload').evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it('finds guests by the words of a filter that / leads to', async () => {
    const { page } = sitting;
    await page.keyboard.press('/');
    await page.keyboard.type('test-web- foreign');
    await named('test-web-one').waitFor({ state: 'hidden' });
    await named('test-web-foreign').waitFor();
    await page.getByRole('searchbox').fill('');
    await named('test-web-one').waitFor();
  });

  it('fits a window of 400 pixels: the list, a detail and the form', async () => {
    const { page } = sitting;
    await page.setViewportSize({ width: 400, height: 800 });
    await expect.poll(() => overhang(page)).toBe(0);
    await page.getByRole('link', { name: 'test-web-one', exact: true }).click();
    await dialog('test-web-one').getByText('What was asked').waitFor();
    expect(await overhang(page)).toBe(0);
    await close('test-web-one');
    await button('New workload').click();
    await dialog('New workload').getByText('What would happen').waitFor();
    expect(await overhang(page)).toBe(0);
    await close('New workload');
    await page.getByRole('link', { name: 'Hosts' }).click();
    await page.getByText('Images here:').waitFor();
    expect(await overhang(page)).toBe(0);
    await page.getByRole('link', { name: 'Networks' }).click();
    await page.getByText('On hosts:').first().waitFor();
    expect(await overhang(page)).toBe(0);
    await page.getByRole('link', { name: 'Workloads' }).click();
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it.each([
    { colorScheme: 'light', least: 0.8, most: 1 },
    { colorScheme: 'dark', least: 0, most: 0.1 },
  ] as const)('is readable when the system is $colorScheme', async ({ colorScheme, least, most }) => {
    const { page } = sitting;
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
    const brightness = await brightnessOf(page);
    expect(brightness).toBeGreaterThanOrEqual(least);
    expect(brightness).toBeLessThanOrEqual(most);
    const texts = [
      page.getByRole('heading', { name: 'Innkeeper' }),
      page.getByRole('columnheader', { name: 'Backend' }),
      named('test-web-one').getByText('stopped', { exact: true }),
      named('test-web-one').getByText('container', { exact: true }),
      named('test-web-foreign').getByText('foreign', { exact: true }),
      named('test-web-foreign').getByText('read-only', { exact: true }),
      page.getByRole('link', { name: 'test-web-one', exact: true }),
      button('New workload'),
      named('test-web-one').getByText('Remove', { exact: true }),
    ];
    for (const text of texts) expect(await contrastOf(text), `${text}`).toBeGreaterThanOrEqual(4.5);
  });

  it('removes it when its name was typed, and the row vanishes', async () => {
    await named('test-web-one').getByRole('button', { name: 'Remove test-web-one' }).click();
    const question = dialog('Remove test-web-one?');
    const confirm = question.getByRole('button', { name: /^Remove test-web-one/ });
    await confirm.click({ force: true });
    expect(await confirm.getAttribute('aria-disabled')).toBe('true');
    await question.getByRole('textbox').fill('test-web-one');
    await confirm.click();
    await named('test-web-one').waitFor({ state: 'hidden', ...stopping });
    expect(await guests()).not.toContain('test-web-one');
    const left = JSON.parse((await inn('ls', '-o', 'json')).stdout) as WorkloadView[];
    expect(left.filter(({ managed }) => managed).map(({ name }) => name)).toEqual(['test-web-keys']);
  });

  it('did all that in one load, without an error but for the refusals that were asked for', () => {
    expect(sitting.opened.loads()).toBe(1);
    expect([...sitting.opened.errors].sort()).toEqual([
      '400 /v1/networks/test-web-net',
      '400 /v1/plan',
      '401 /v1/version',
    ]);
  });

  it('forgets the token at sign-out', async () => {
    await button('Sign out').click();
    await field('Access token').waitFor();
    expect(await sitting.page.evaluate(() => sessionStorage.length)).toBe(0);
  });
});
