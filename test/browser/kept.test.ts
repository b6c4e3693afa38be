import type { BackupView } from '@innkeeper/model';
import { afterAll, describe, expect, it } from 'vitest';
import { host } from '../installed.ts';
import { overhang } from './looks.ts';
import { making, sittingAt } from './sitting.ts';

const sitting = sittingAt({ name: 'browser-kept', listen: '127.0.0.1:7796' });
const { inn, named, inState, button, dialog, close } = sitting;
const name = 'test-web-kept';
/** Beside the installation, whose directory has to be empty at the end. */
const shelf = '/tmp/innkeeper-test-browser-kept-shelf';

const inside = async (...command: string[]): Promise<string> =>
  (await inn('exec', name, '--', ...command)).stdout.trim();

const done = async (text: RegExp): Promise<void> => {
  const operations = sitting.page.getByRole('region', { name: 'List of operations' });
  await operations.getByRole('row', { name: text }).first().waitFor(making);
};

describe('what is kept of workloads, on the page in Chromium', () => {
  afterAll(() => host.files.remove(shelf));

  it('says of a new workload that nothing is kept, and where backups could go', async () => {
    await sitting.signIn(sitting.page, sitting.token);
    expect((await inn('run', 'debian/12', '--name', name, '--memory', '128MiB')).exitCode).toBe(0);
    await inState(name, 'running').waitFor(making);
    await sitting.page.getByRole('link', { name, exact: true }).click();
    await dialog(name).getByRole('tab', { name: 'Snapshots and backups' }).click();
    const [snapshots, backups] = ['Snapshots', 'Backups'].map((one) =>
      dialog(name).getByRole('region', { name: one, exact: true }),
    );
    await snapshots?.getByText('There is none.').waitFor();
    await backups?.getByText('There is none').waitFor();
    await backups
      ?.getByRole('button', { name: /^Back up now \(not possible: There is no backup target yet/ })
      .waitFor();
  });

  it('takes a snapshot, goes back to it and removes it', async () => {
    const view = dialog(name).getByRole('region', { name: 'Snapshots', exact: true });
    await inside('sh', '-c', 'echo before > /root/file; sync');
    await view.getByRole('textbox', { name: 'Name of a snapshot' }).fill('Not a name');
    await view.getByRole('button', { name: 'Take a snapshot' }).click();
    await view.getByRole('alert').getByText(/name/).first().waitFor();
    await view.getByRole('textbox', { name: 'Name of a snapshot' }).fill('before');
    await view.getByRole('button', { name: 'Take a snapshot' }).click();
    await view.getByRole('row', { name: /^before now/ }).waitFor(making);
    await inside('sh', '-c', 'echo after > /root/file; sync');
    await view.getByRole('button', { name: 'Go back to before' }).click();
    await dialog('Go back to before?').getByText(`${name} is stopped for it`).waitFor();
    await dialog('Go back to before?').getByRole('button', { name: 'Go back to before' }).click();
    await done(new RegExp(`restore ${name} admin done`));
    expect(await inside('cat', '/root/file')).toBe('before');
    await view.getByRole('button', { name: 'Remove before' }).click();
    await dialog('Remove before?').getByRole('button', { name: 'Remove before' }).click();
    await view.getByText('There is none.').waitFor(making);
  });

  it('backs a workload up, and shows that in its view and among all', async () => {
    await host.files.makeDirectory(shelf);
    await host.files.write(`${shelf}/password`, 'what nobody knows\n', 0o600);
    const words = ['backup', 'target', 'add', 'shelf', `${shelf}/repository`, '--password-file', `${shelf}/password`];
    expect(await inn(...words)).toMatchObject({ exitCode: 0 });
    await close(name);
    await sitting.page.getByRole('link', { name, exact: true }).click();
    await dialog(name).getByRole('tab', { name: 'Snapshots and backups' }).click();
    const view = dialog(name).getByRole('region', { name: 'Backups', exact: true });
    await view.getByRole('button', { name: 'Back up now', exact: true }).click();
    await view.getByRole('row', { name: /^test-web-kept-\d+-\d+ shelf .*not yet/ }).waitFor(making);
    await done(new RegExp(`backup ${name} admin done`));
    await close(name);
    await sitting.page.getByRole('link', { name: 'Backups' }).click();
    await sitting.page.getByRole('row', { name: /^test-web-kept-\d+-\d+ test-web-kept shelf/ }).waitFor();
  });

  it('brings one back beside its workload, which keeps its name', async () => {
    const { page } = sitting;
    await button(/^Bring back test-web-kept-/).click();
    const question = page.getByRole('dialog', { name: /^Bring back test-web-kept-/ });
    await question.getByText(`${name} stays as it is`).waitFor();
    const field = question.getByRole('textbox', { name: 'Name' });
    await field.fill(name);
    await question.getByRole('button', { name: /not possible: There is a workload called/ }).waitFor();
    await field.fill('test-web-back');
    await question.getByRole('button', { name: 'Bring back as test-web-back', exact: true }).click();
    await page.getByRole('link', { name: 'Workloads' }).click();
    await inState('test-web-back', 'running').waitFor(making);
    expect((await inn('exec', 'test-web-back', '--', 'cat', '/root/file')).stdout).toBe('before\n');
    await named(name).waitFor();
  });

  it('fits a window of 400 pixels, and shows the pools of a host', async () => {
    const { page } = sitting;
    await page.setViewportSize({ width: 400, height: 800 });
    await page.getByRole('link', { name: 'Backups' }).click();
    await page.getByRole('row', { name: /^test-web-kept-/ }).waitFor();
    expect(await overhang(page)).toBe(0);
    await page.getByRole('link', { name: 'Hosts' }).click();
    await page.getByText(/^default .* free of /).waitFor();
    expect(await overhang(page)).toBe(0);
    await page.getByRole('link', { name: 'Workloads' }).click();
    await page.getByRole('link', { name, exact: true }).click();
    await dialog(name).getByRole('tab', { name: 'Snapshots and backups' }).click();
    await dialog(name)
      .getByRole('row', { name: /^test-web-kept-/ })
      .waitFor();
    expect(await overhang(page)).toBe(0);
    await close(name);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('removes a backup when that was confirmed', async () => {
    const { page } = sitting;
    await page.getByRole('link', { name: 'Backups' }).click();
    await button(/^Remove test-web-kept-/).click();
    const question = page.getByRole('dialog', { name: /^Remove test-web-kept-/ });
    await question.getByRole('button', { name: /^Remove test-web-kept-/ }).click();
    await page.getByText('There is none. inn backup target add').waitFor(making);
    expect(JSON.parse((await inn('backup', 'ls', '-o', 'json')).stdout) as BackupView[]).toEqual([]);
    expect([...sitting.opened.errors]).toEqual([`400 /v1/workloads/${name}/snapshots`]);
  });
});
