/** A step graph larger than the screen: the state that matters is in sight, and nobody's hands are fought. */
import { expect, test } from '@jest/globals';
import { elementId } from '../../../../infra/local/page/graph.ts';
import { bundled, describeInChromium, type Stage, testMs } from './chromium.ts';
import type { Rehearsal } from './rehearsal.ts';

const regions = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const task = (name: string, next?: string) => ({
  [name]: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', ...(next ? { Next: next } : { End: true }) },
});
/** Wider and higher than any window here: its first state is in the middle of its upper edge, empty space left of it. */
const machine = {
  StartAt: 'Plan the move',
  States: {
    ...task('Plan the move', 'All regions'),
    'All regions': {
      Type: 'Parallel',
      Next: 'Confirm the move',
      Branches: regions.map((number) => ({
        StartAt: `Prepare region ${number}`,
        States: {
          ...task(`Prepare region ${number}`, `Copy to region ${number}`),
          ...task(`Copy to region ${number}`, `Check region ${number}`),
          ...task(`Check region ${number}`, `Move region ${number}`),
          ...task(`Move region ${number}`, `Drain region ${number}`),
          ...task(`Drain region ${number}`, `Close region ${number}`),
          ...task(`Close region ${number}`),
        },
      })),
    },
    ...task('Confirm the move'),
  },
};
const sizes = [
  ['390', { width: 390, height: 844 }],
  ['1280', { width: 1280, height: 900 }],
] as const;

const sight = bundled('sight');

describeInChromium('a large step graph', (visit) => {
  test.each(sizes)(
    'opens at %s on the first state, and moves on with the execution',
    (width, viewport) =>
      visit(
        async (stage) => {
          const { page, rehearsal, stateIs, shot, faults } = stage;
          const arn = rehearsal.start('first');
          await stateIs('Plan the move', 'not reached');
          await inTheMiddle(stage, 'Plan the move');
          await shot(`scroll-first-${width}`);
          const enter = walk(rehearsal, arn);
          for (const name of ['Copy to region 9', 'Prepare region 1', 'Close region 8']) {
            enter(name);
            await inTheMiddle(stage, name);
          }
          await shot(`scroll-running-${width}`);
          await page.reload();
          await inTheMiddle(stage, 'Close region 8');
          await page.getByRole('button', { name: 'Start', exact: true }).click();
          await stateIs('Plan the move', 'not reached');
          await inTheMiddle(stage, 'Plan the move');
          expect(faults).toEqual([]);
        },
        { viewport, machine },
      ),
    testMs,
  );

  test.each(sizes)(
    'shows at %s the selected state besides its details, wherever it is opened from',
    (width, viewport) =>
      visit(
        async (stage) => {
          const { page, rehearsal, node, shot } = stage;
          const arn = rehearsal.start('first');
          rehearsal.end(arn, 'SUCCEEDED', { output: '{}' });
          for (const name of ['Prepare region 9', 'Drain region 1']) {
            // Not click(), with which Playwright itself scrolls the node into the middle.
            await node(name).dispatchEvent('click');
            await page.getByRole('region', { name }).waitFor();
            await inTheMiddle(stage, name);
          }
          await shot(`scroll-selected-${width}`);
          await page.reload();
          await page.getByRole('region', { name: 'Drain region 1' }).waitFor();
          await inTheMiddle(stage, 'Drain region 1');
          await page.getByRole('button', { name: 'Close the state' }).click();
          await inTheMiddle(stage, 'Drain region 1');
        },
        { viewport, machine },
      ),
    testMs,
  );

  test(
    'opens a failed execution where it failed',
    () =>
      visit(
        async (stage) => {
          const { page, rehearsal } = stage;
          const arn = rehearsal.start('first');
          const enter = walk(rehearsal, arn);
          const entered = enter('Move region 9');
          rehearsal.event(arn, { type: 'TaskFailed', previousEventId: entered, taskFailedEventDetails: failure });
          rehearsal.end(arn, 'FAILED', { error: 'MemberNotHealthy' });
          await page.reload();
          await inTheMiddle(stage, 'Move region 9');
        },
        { machine },
      ),
    testMs,
  );

  test(
    'keeps it in sight when the window changes its size',
    () =>
      visit(
        async (stage) => {
          const { page, rehearsal } = stage;
          walk(rehearsal, rehearsal.start('first'))('Move region 9');
          await inTheMiddle(stage, 'Move region 9');
          for (const [, viewport] of [...sizes, ...sizes]) {
            await page.setViewportSize(viewport);
            await inTheMiddle(stage, 'Move region 9');
          }
        },
        { machine },
      ),
    testMs,
  );

  test(
    'stays where somebody has scrolled it by hand, and follows again once they have let go for a while',
    () =>
      visit(
        async (stage) => {
          const { page, rehearsal, stateIs, until } = stage;
          const frame = page.locator('.drawing');
          const enter = walk(rehearsal, rehearsal.start('first'));
          enter('Copy to region 9');
          await inTheMiddle(stage, 'Copy to region 9');
          // The page's clock stands still, so that the time to let go cannot pass while this test is slow.
          const now = Date.now();
          await page.clock.setFixedTime(now);
          await frame.hover();
          const before = await frame.evaluate((element) => element.scrollLeft);
          await page.mouse.wheel(-200, 0);
          await until(`document.querySelector('.drawing').scrollLeft < ${before}`);
          const left = await settled(stage);
          enter('Copy to region 1');
          await stateIs('Copy to region 1', 'running');
          expect(await settled(stage)).toBe(left);
          await page.clock.setFixedTime(now + 60_000);
          await inTheMiddle(stage, 'Copy to region 1');
        },
        { machine, reducedMotion: 'reduce' },
      ),
    testMs,
  );

  test.each([
    ['glides', 'no-preference'],
    ['jumps', 'reduce'],
  ] as const)(
    '%s to the next state where motion is %s',
    (how, reducedMotion) =>
      visit(
        async (stage) => {
          const { page, rehearsal } = stage;
          const enter = walk(rehearsal, rehearsal.start('first'));
          enter('Copy to region 9');
          await inTheMiddle(stage, 'Copy to region 9');
          await page.evaluate(
            `window.scrolls = 0; document.querySelector('.drawing').addEventListener('scroll', () => scrolls++)`,
          );
          enter('Close region 1');
          await inTheMiddle(stage, 'Close region 1');
          // The event comes with the next frame.
          await stage.until('scrolls > 0');
          const scrolls = await page.evaluate<number>('scrolls');
          if (how === 'jumps') expect(scrolls).toBe(1);
          else expect(scrolls).toBeGreaterThan(1);
        },
        { machine, reducedMotion },
      ),
    testMs,
  );
});

/** Waits until the node is in the middle as far as the graph can be scrolled, and can be seen there. */
async function inTheMiddle({ page, until }: Stage, name: string): Promise<void> {
  const id = JSON.stringify(elementId(name));
  await page.locator('.drawing .state').first().waitFor();
  // Only the graph is the page's to scroll; the page itself is the reader's.
  const look = `document.querySelector('.drawing').scrollIntoView({ block: 'center', behavior: 'instant' })`;
  const script = await sight;
  await until(`${look}; ${script}; sight.offCentre(${id}) < 2 && sight.hidden(${id}) === null`).catch(
    async (cause: Error) => {
      const seen = `[sight.offCentre(${id}), sight.hidden(${id})]`;
      const [off, hidden] = await page.evaluate<[number, string | null]>(`${look}; ${script}; ${seen}`);
      throw new Error(`${name} is ${off} px off the middle; hidden: ${hidden}`, { cause });
    },
  );
}

/** Where the graph stands once it no longer moves: the same in two frames of the browser. */
async function settled({ page }: Stage): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    let before = NaN;
    const look = () => {
      const { scrollLeft } = document.querySelector('.drawing');
      if (scrollLeft === before) return resolve(scrollLeft);
      before = scrollLeft;
      requestAnimationFrame(look);
    };
    look();
  })`);
}

const failure = { error: 'MemberNotHealthy', cause: 'why', resource: '', resourceType: '' };

/** @returns leaves the state before and enters the one named; gives the id of the event of entering */
function walk({ event }: Rehearsal, arn: string): (name: string) => number {
  const planned = event(arn, { type: 'TaskStateEntered', previousEventId: 0, ...into('Plan the move') });
  const left = event(arn, { type: 'TaskStateExited', previousEventId: planned, ...outOf('Plan the move') });
  const all = event(arn, { type: 'ParallelStateEntered', previousEventId: left, ...into('All regions') });
  const started = event(arn, { type: 'ParallelStateStarted', previousEventId: all });
  let leave: (() => void) | undefined;
  return (name) => {
    const entered = event(arn, { type: 'TaskStateEntered', previousEventId: started, ...into(name) });
    leave?.();
    leave = () => event(arn, { type: 'TaskStateExited', previousEventId: entered, ...outOf(name) });
    return entered;
  };
}

function into(name: string) {
  return { stateEnteredEventDetails: { name, input: '{}' } };
}

function outOf(name: string) {
  return { stateExitedEventDetails: { name, output: '{}' } };
}
