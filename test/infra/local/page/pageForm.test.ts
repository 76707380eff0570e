/** What an operator does on the page: start an execution, stop one. */
import { expect, test } from '@jest/globals';
import { half } from './bootstrap.ts';
import { describeInChromium, testMs } from './chromium.ts';
import { machineCalled } from './rehearsal.ts';

describeInChromium('an operator on the page', (visit) => {
  test(
    'starts an execution with checked input',
    () =>
      visit(async ({ page, rehearsal, until, shot }) => {
        const input = page.getByLabel('Input (JSON)');
        await page.getByRole('button', { name: 'Start', exact: true }).waitFor();
        await until(`document.querySelector('textarea')?.value.includes('"etcd"')`);
        await input.fill('{\n  "cluster": oops\n}');
        await page.getByRole('button', { name: 'Start', exact: true }).click();
        await page.getByText(/is not JSON, line 2/).waitFor();
        expect(await input.getAttribute('aria-invalid')).toBe('true');
        await input.fill('{"cluster": "etcd", "size": 3}');
        await page.keyboard.press('Tab');
        await page.getByRole('button', { name: 'Start', exact: true }).press('Enter');
        await page.getByText('size unknown field; ClusterBootstrap takes only "cluster"').waitFor();
        expect(rehearsal.calls.filter(({ operation }) => operation === 'StartExecution')).toEqual([]);
        rehearsal.start('taken');
        await input.fill('{"cluster": "etcd"}');
        await page.getByLabel('Name').fill('taken');
        await page.getByRole('button', { name: 'Start', exact: true }).click();
        await page.getByText('Execution Already Exists').waitFor();
        expect(await page.getByLabel('Name').getAttribute('aria-invalid')).toBe('true');
        await shot('refused-1280');
        await page.getByLabel('Name').fill('mine');
        await page.getByRole('button', { name: 'Start', exact: true }).click();
        await page.locator('.executions a[aria-current]').getByText('mine').waitFor();
      }),
    testMs,
  );

  test(
    'stops an execution after asking once more',
    () =>
      visit(async ({ page, rehearsal, stateIs }) => {
        half(rehearsal, rehearsal.start('first'));
        await page.getByRole('button', { name: 'Stop…' }).click();
        await page.getByRole('button', { name: 'Stop it' }).click();
        await stateIs('Wait until the member is healthy', 'stopped, 2 of 3 done');
        await page.getByText('Stopped in Wait until the member is healthy').waitFor();
      }),
    testMs,
  );

  test(
    'starts an upgrade with checked input, and no hop of one',
    () =>
      visit(async ({ page, rehearsal, shot, faults }) => {
        const machine = page.getByLabel('State machine');
        const input = page.getByLabel('Input (JSON)');
        const button = page.getByRole('button', { name: 'Start', exact: true });
        await machine.selectOption('etcd-RollingUpgrade');
        expect(JSON.parse(await input.inputValue())).toEqual({ to: '' });
        await input.fill('{"to": "3.6"}');
        await button.click();
        await page.getByText(/^to must be a version X\.Y\.Z of a minor from/).waitFor();
        await shot('upgrade-refused-1280');
        await machine.selectOption('etcd-UpgradeHop');
        await page.getByText('RollingUpgrade starts it by itself').waitFor();
        expect([await input.count(), await button.count()]).toEqual([0, 0]);
        await shot('hop-1280');
        await machine.selectOption('etcd-RollingUpgrade');
        await input.fill('{"to": "3.6.16"}');
        await page.getByLabel('Name').fill('tonight');
        await button.click();
        await page.locator('.executions a[aria-current]').getByText('tonight').waitFor();
        const started = rehearsal.calls.filter(({ operation }) => operation === 'StartExecution');
        expect(started.map(({ input }) => input)).toEqual([
          {
            stateMachineArn: machineCalled('RollingUpgrade'),
            name: 'tonight',
            input: expect.stringContaining('3.6.16'),
          },
        ]);
        expect(faults).toEqual([]);
      }),
    testMs,
  );
});
