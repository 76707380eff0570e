/** What the page shows of the members and of an execution, from its first step to either end. */
import { expect, test } from '@jest/globals';
import { failed, half, rest } from './bootstrap.ts';
import { bundled, describeInChromium, testMs } from './chromium.ts';
import { inOrder, machineCalled, member } from './rehearsal.ts';

describeInChromium('the page in Chromium', (visit) => {
  test(
    'shows an execution going green, without a reload',
    () =>
      visit(async ({ page, rehearsal, stateIs, shot, faults }) => {
        await page.getByText('No execution yet').waitFor();
        await page.evaluate('window.notReloaded = true');
        const arn = rehearsal.start('first');
        await stateIs('Read the cluster record', 'not reached');
        const waiting = half(rehearsal, arn);
        await stateIs('Wait until the member is healthy', 'running, 2 of 3 done');
        await stateIs('Read the cluster record', 'succeeded');
        await page.getByText('Running: Wait until the member is healthy 2/3').waitFor();
        await shot('running-1280');
        rest(rehearsal, arn, waiting);
        await stateIs('Cluster created', 'succeeded');
        await page.getByRole('status', { name: 'Execution status' }).getByText('Succeeded after').waitFor();
        const states = await page
          .locator('.state')
          .evaluateAll((all) => all.map((one) => one.getAttribute('data-status')));
        expect(states.sort()).toEqual([...Array(7).fill('succeeded'), 'waiting'].sort());
        expect(await page.evaluate('window.notReloaded')).toBe(true);
        await shot('succeeded-1280');
        expect(faults).toEqual([]);
      }),
    testMs,
  );

  test(
    'shows input, output and history of a state on click, and keeps it in the address',
    () =>
      visit(async ({ page, rehearsal, node, shot, faults }) => {
        half(rehearsal, rehearsal.start('first'));
        await node('Wait until the instances are in service').click();
        const details = page.getByRole('region', { name: 'Wait until the instances are in service' });
        await details.getByText('"instances": 3').waitFor();
        await details.getByText('TaskStateExited').waitFor();
        await shot('state-1280');
        await page.reload();
        await details.getByText('"instances": 3').waitFor();
        await page.getByRole('button', { name: 'Close' }).click();
        await details.waitFor({ state: 'detached' });
        expect(faults).toEqual([]);
      }),
    testMs,
  );

  test(
    'works with the keyboard alone',
    () =>
      visit(async ({ page, rehearsal, stateIs, until, faults }) => {
        half(rehearsal, rehearsal.start('first'));
        await stateIs('Already created?', 'succeeded');
        await page.getByRole('link', { name: 'History as JSON' }).focus();
        const reached = new Set<string>();
        while (!reached.has('Already created?: succeeded')) {
          await page.keyboard.press('Tab');
          const label = await page.evaluate<string>(`document.activeElement?.getAttribute('aria-label') ?? ''`);
          expect(reached.size).toBeLessThan(20);
          reached.add(label);
        }
        expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none');
        await page.keyboard.press('Enter');
        await page.getByRole('region', { name: 'Already created?' }).waitFor();
        await until(`document.activeElement?.textContent === 'Already created?'`);
        await page.keyboard.press('Escape');
        await until(`document.activeElement?.getAttribute('aria-label')?.startsWith('Already created?: ')`);
        expect(faults).toEqual([]);
      }),
    testMs,
  );

  test(
    'shows members as they change',
    () =>
      visit(async ({ page, rehearsal }) => {
        const health = page.getByRole('status', { name: 'Cluster health' });
        await health.getByText('3 of 3 members healthy, leader etcd-1').waitFor();
        rehearsal.setMembers([
          member(1),
          member(2),
          member(3, { health: 'unhealthy', reasons: ['NOSPACE alarm is active'] }),
        ]);
        await health.getByText('2 of 3 members healthy, leader etcd-1').waitFor();
        await page
          .getByRole('row', { name: /etcd-3/ })
          .getByText('NOSPACE alarm is active')
          .waitFor();
        await page
          .getByRole('row', { name: /etcd-1/ })
          .getByText('leader')
          .waitFor();
      }),
    testMs,
  );

  test(
    'shows who holds the lock, the state of DNS and what housekeeping finds',
    () =>
      visit(async ({ page, rehearsal, shot }) => {
        const upkeep = page.getByLabel('Upkeep');
        await upkeep.getByText('in sync').waitFor();
        await upkeep.getByText('free').waitFor();
        const holder = 'arn:aws:states:eu-west-1:123456789012:execution:etcd-night-RotateInstances:monday';
        rehearsal.setUpkeep({
          lock: { held: { holder, purpose: 'rotation', takenAt: '2026-01-01T00:00:00.000Z', status: 'RUNNING' } },
          dns: { verdict: 'notOurs', reason: 'another cluster has the names' },
          housekeeping: { paused: null, findings: ['2 of 3 members', 'the instance of i-3 is gone'] },
        });
        rehearsal.setMembers([
          member(1),
          member(2, { database: { bytes: 1.7 * 1024 ** 3, quotaBytes: 2 * 1024 ** 3 } }),
        ]);
        await upkeep.getByText('rotation: etcd-night-RotateInstances monday').waitFor();
        await upkeep.getByText('another cluster has the names').waitFor();
        await upkeep.getByText('2 found').waitFor();
        await upkeep.getByText('the instance of i-3 is gone').waitFor();
        await page
          .getByRole('row', { name: /etcd-2/ })
          .getByText('of 2.0 GiB: near its quota')
          .waitFor();
        await page
          .getByRole('row', { name: /etcd-1/ })
          .getByText('20 KiB')
          .waitFor();
        await shot('upkeep-1280');
        await page.setViewportSize({ width: 390, height: 844 });
        const wide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
        expect(await page.evaluate(wide)).toBe(false);
        await shot('upkeep-390');
      }),
    testMs,
  );

  test(
    'shows a lock that was kept with the ways out, and leads on to the execution that a state has started',
    () =>
      visit(async ({ page, rehearsal, node, shot, faults }) => {
        const inner = rehearsal.start('inner', '{}', machineCalled('UpgradeHop'));
        const outer = rehearsal.start('tonight', '{"to":"3.6.16"}', machineCalled('RollingUpgrade'));
        const entered = rehearsal.event(outer, {
          type: 'TaskStateEntered',
          previousEventId: 0,
          stateEnteredEventDetails: { name: 'Mark the cluster created', input: '{}' },
        });
        rehearsal.event(outer, {
          type: 'TaskSubmitted',
          previousEventId: entered,
          taskSubmittedEventDetails: {
            resourceType: 'states',
            resource: 'startExecution.sync:2',
            output: JSON.stringify({ ExecutionArn: inner }),
          },
        });
        const takenAt = '2026-01-01T00:00:00.000Z';
        rehearsal.setUpkeep({
          ...inOrder,
          lock: { held: { holder: outer, purpose: 'RollingUpgrade', takenAt, status: 'FAILED' } },
        });
        rehearsal.setMembers([member(1), member(2), member(3)]);
        const upkeep = page.getByLabel('Upkeep');
        await upkeep.getByText('kept').waitFor();
        await upkeep.getByText('start RollingUpgrade with {"action": "resume"}').waitFor();
        await node('Mark the cluster created').click();
        const link = page.getByRole('link', { name: 'etcd-UpgradeHop inner', exact: true });
        await link.waitFor();
        await shot('nested-1280');
        await link.click();
        await page.getByRole('heading', { name: 'etcd-UpgradeHop' }).waitFor();
        expect(faults).toEqual([]);
      }),
    testMs,
  );

  test(
    'shows a failure where it happened',
    () =>
      visit(async ({ page, rehearsal, node, stateIs, shot }) => {
        const arn = rehearsal.start('first');
        failed(rehearsal, arn, half(rehearsal, arn));
        await stateIs('Wait until the member is healthy', 'failed, 2 of 3 done');
        await stateIs('Each member', 'failed, caught, 2 of 3 done');
        await stateIs('Bootstrap failed', 'failed');
        await node('Wait until the member is healthy').click();
        await page.getByText('etcd-3 lists 2 members', { exact: true }).waitFor();
        await shot('failed-1280');
      }),
    testMs,
  );

  test.each([
    ['light', 390],
    ['dark', 390],
    ['dark', 1280],
  ] as const)(
    'is readable in %s at %i px',
    (colorScheme, width) =>
      visit(
        async ({ page, rehearsal, node, shot, faults }) => {
          half(rehearsal, rehearsal.start('first'));
          await node('Wait until the member is healthy').click();
          await page.getByText('"member": "etcd-3"').waitFor();
          const wide = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          );
          expect(wide).toBe(0);
          expect(await page.evaluate(`${await bundled('contrast')}; contrast.unreadable()`)).toEqual([]);
          await shot(`${colorScheme}-${width}`);
          expect(faults).toEqual([]);
        },
        { colorScheme, viewport: { width, height: 844 } },
      ),
    testMs,
  );
});
