/** The page in real Chromium, with an execution that the test itself advances. */
import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { startPage } from '../../../../infra/local/page/server.ts';
import { chromiumOrInstall } from '../../../chromium.ts';
import { member, type Rehearsal, rehearse } from './rehearsal.ts';

const executable = chromiumOrInstall();
const inChromium = executable === null ? describe.skip : describe;
const screenshots = new URL('../../../../test-output/page/', import.meta.url).pathname;
/** For every wait of this test: a condition that is not met by then will not be. */
const deadline = 20_000;

inChromium('the page in Chromium', () => {
  let browser: Browser;
  let page: Page;
  let rehearsal: Rehearsal;
  let server: { url: string; close(): Promise<void> };
  /** What the page's console says is wrong. */
  const faults: string[] = [];
  let contrast = '';

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    contrast = await bundled('contrast');
    browser = await chromium.launch({ executablePath: executable ?? '', args: ['--no-sandbox'] });
  }, 60_000);
  afterAll(() => browser.close());

  beforeEach(async () => {
    rehearsal = rehearse();
    rehearsal.setMembers([member(1), member(2), member(3)]);
    server = await startPage({ host: '127.0.0.1', port: 0, source: rehearsal.source });
    faults.length = 0;
  });

  async function visit(body: () => Promise<void>, options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    try {
      page = await context.newPage();
      page.setDefaultTimeout(deadline);
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
      page.on('pageerror', (error) => faults.push(error.message));
      await page.goto(server.url);
      await body();
    } finally {
      await context.close();
      await server.close();
    }
  }

  const node = (name: string) => page.getByRole('button', { name: new RegExp(`^${name.replace('?', '\\?')}: `) });
  const stateIs = (name: string, label: string) =>
    page.getByRole('button', { name: `${name}: ${label}`, exact: true }).waitFor();
  const shot = (name: string) => page.screenshot({ path: `${screenshots}${name}.png`, fullPage: true });

  /** The first half of a bootstrap: two members of three are healthy. */
  function half(arn: string): { mapStarted: number; waiting: number } {
    const read = rehearsal.task(arn, 'Read the cluster record', 0, { cluster: 'etcd' }, { record: { created: false } });
    const asked = rehearsal.event(arn, entered('Choice', 'Already created?', read));
    const answered = rehearsal.event(arn, exited('Choice', 'Already created?', asked));
    const inService = rehearsal.task(arn, 'Wait until the instances are in service', answered, {}, { instances: 3 });
    const map = rehearsal.event(arn, entered('Map', 'Each member', inService));
    const mapStarted = rehearsal.event(arn, {
      type: 'MapStateStarted',
      previousEventId: map,
      mapStateStartedEventDetails: { length: 3 },
    });
    let waiting = 0;
    for (const index of [0, 1, 2]) {
      const iteration = { name: 'Each member', index };
      const started = rehearsal.event(arn, {
        type: 'MapIterationStarted',
        previousEventId: mapStarted,
        mapIterationStartedEventDetails: iteration,
      });
      const name = 'Wait until the member is healthy';
      if (index === 2) {
        waiting = rehearsal.event(arn, entered('Task', name, started, { member: 'etcd-3' }));
        continue;
      }
      const done = rehearsal.task(arn, name, started, { member: `etcd-${index + 1}` }, { healthy: true });
      rehearsal.event(arn, {
        type: 'MapIterationSucceeded',
        previousEventId: done,
        mapIterationSucceededEventDetails: iteration,
      });
    }
    return { mapStarted, waiting };
  }

  function rest(arn: string, waiting: number): void {
    const done = rehearsal.event(arn, exited('Task', 'Wait until the member is healthy', waiting, { healthy: true }));
    const last = rehearsal.event(arn, {
      type: 'MapIterationSucceeded',
      previousEventId: done,
      mapIterationSucceededEventDetails: { name: 'Each member', index: 2 },
    });
    const succeeded = rehearsal.event(arn, { type: 'MapStateSucceeded', previousEventId: last });
    const left = rehearsal.event(arn, exited('Map', 'Each member', succeeded));
    const marked = rehearsal.task(arn, 'Mark the cluster created', left, {}, {});
    const created = rehearsal.event(arn, entered('Succeed', 'Cluster created', marked));
    rehearsal.event(arn, exited('Succeed', 'Cluster created', created));
    rehearsal.end(arn, 'SUCCEEDED', { output: '{"created":true}' });
  }

  test(
    'shows an execution going green, without a reload',
    () =>
      visit(async () => {
        await page.getByText('No execution yet').waitFor();
        await page.evaluate('window.notReloaded = true');
        const arn = rehearsal.start('first');
        await stateIs('Read the cluster record', 'not reached');
        const { waiting } = half(arn);
        await stateIs('Wait until the member is healthy', 'running, 2 of 3 done');
        await stateIs('Read the cluster record', 'succeeded');
        await page.getByText('Running: Wait until the member is healthy 2/3').waitFor();
        await shot('running-1280');
        rest(arn, waiting);
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
    60_000,
  );

  test(
    'shows input, output and history of a state on click, and keeps it in the address',
    () =>
      visit(async () => {
        half(rehearsal.start('first'));
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
    60_000,
  );

  test(
    'works with the keyboard alone',
    () =>
      visit(async () => {
        half(rehearsal.start('first'));
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
        await page.waitForFunction(`document.activeElement?.textContent === 'Already created?'`);
        await page.keyboard.press('Escape');
        await page.waitForFunction(
          `document.activeElement?.getAttribute('aria-label')?.startsWith('Already created?: ')`,
        );
        expect(faults).toEqual([]);
      }),
    60_000,
  );

  test(
    'starts an execution with checked input',
    () =>
      visit(async () => {
        const input = page.getByLabel('Input (JSON)');
        await page.getByRole('button', { name: 'Start', exact: true }).waitFor();
        await page.waitForFunction(`document.querySelector('textarea')?.value.includes('"etcd"')`);
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
    60_000,
  );

  test(
    'stops an execution after asking once more',
    () =>
      visit(async () => {
        half(rehearsal.start('first'));
        await page.getByRole('button', { name: 'Stop…' }).click();
        await page.getByRole('button', { name: 'Stop it' }).click();
        await stateIs('Wait until the member is healthy', 'stopped, 2 of 3 done');
        await page.getByText('Stopped in Wait until the member is healthy').waitFor();
      }),
    60_000,
  );

  test(
    'shows members as they change',
    () =>
      visit(async () => {
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
    60_000,
  );

  test(
    'shows a failure where it happened',
    () =>
      visit(async () => {
        const arn = rehearsal.start('first');
        const { waiting } = half(arn);
        const failed = rehearsal.event(arn, {
          type: 'TaskFailed',
          previousEventId: waiting,
          taskFailedEventDetails: {
            error: 'MemberNotHealthy',
            cause: 'etcd-3 lists 2 members',
            resource: '',
            resourceType: '',
          },
        });
        const iteration = rehearsal.event(arn, {
          type: 'MapIterationFailed',
          previousEventId: failed,
          mapIterationFailedEventDetails: { name: 'Each member', index: 2 },
        });
        const map = rehearsal.event(arn, {
          type: 'MapStateFailed',
          previousEventId: iteration,
          mapStateFailedEventDetails: { error: 'MemberNotHealthy' },
        } as Parameters<Rehearsal['event']>[1]);
        const left = rehearsal.event(arn, exited('Map', 'Each member', map));
        rehearsal.event(arn, entered('Fail', 'Bootstrap failed', left));
        rehearsal.end(arn, 'FAILED', {
          error: 'MemberNotHealthy',
          cause: 'etcd-3: see docs/runbook.md#member-not-healthy',
        });
        await stateIs('Wait until the member is healthy', 'failed, 2 of 3 done');
        await stateIs('Each member', 'failed, caught, 2 of 3 done');
        await stateIs('Bootstrap failed', 'failed');
        await node('Wait until the member is healthy').click();
        await page.getByText('etcd-3 lists 2 members', { exact: true }).waitFor();
        await shot('failed-1280');
      }),
    60_000,
  );

  test.each([
    ['light', 390],
    ['dark', 390],
    ['dark', 1280],
  ] as const)(
    'is readable in %s at %i px',
    (colorScheme, width) =>
      visit(
        async () => {
          const arn = rehearsal.start('first');
          half(arn);
          await node('Wait until the member is healthy').click();
          await page.getByText('"member": "etcd-3"').waitFor();
          const wide = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          );
          expect(wide).toBe(0);
          expect(await page.evaluate(`${contrast}; contrast.unreadable()`)).toEqual([]);
          await shot(`${colorScheme}-${width}`);
          expect(faults).toEqual([]);
        },
        { colorScheme, viewport: { width, height: 844 } },
      ),
    60_000,
  );
});

/** A script of browser/, which is checked with the DOM's types, unlike the rest of the project. */
async function bundled(name: string): Promise<string> {
  const entry = new URL(`./browser/${name}.ts`, import.meta.url).pathname;
  const built = await build({ entryPoints: [entry], bundle: true, format: 'iife', globalName: name, write: false });
  return built.outputFiles[0]?.text ?? '';
}

type Event = Parameters<Rehearsal['event']>[1];

function entered(type: string, name: string, previousEventId: number, input: unknown = {}): Event {
  return {
    type: `${type}StateEntered` as 'TaskStateEntered',
    previousEventId,
    stateEnteredEventDetails: { name, input: JSON.stringify(input) },
  };
}

function exited(type: string, name: string, previousEventId: number, output: unknown = {}): Event {
  return {
    type: `${type}StateExited` as 'TaskStateExited',
    previousEventId,
    stateExitedEventDetails: { name, output: JSON.stringify(output) },
  };
}
