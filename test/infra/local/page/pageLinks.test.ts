/** What the page shows of two regions and the links between them, and how they are set there. */
import { expect, test } from '@jest/globals';
import { describeInChromium, testMs } from './chromium.ts';
import { member } from './rehearsal.ts';

const regions = ['us-east-1', 'us-west-2'] as const;
const [home, away] = regions;
const members = [member(1), member(2, { zone: 'us-west-2a' }), member(3)];

describeInChromium('the links of the page in Chromium', (visit) => {
  test(
    'are drawn between the regions with their members, and set there',
    () =>
      visit(
        async ({ page, rehearsal, shot, faults }) => {
          rehearsal.setMembers(members);
          const { links } = rehearsal.source;
          const link = page.getByRole('listitem', { name: `${home} to ${away}` });
          await link.getByText('0 ms').waitFor();
          await page.getByRole('article', { name: away }).getByText('etcd-2').waitFor();
          expect(await page.getByRole('article', { name: home }).getByRole('listitem').count()).toBe(2);

          await link.getByLabel('Delay (ms)').fill('40');
          await link.getByLabel('Delay (ms)').press('Enter');
          await link.getByText('40 ms').waitFor();
          await link.getByLabel('Jitter (ms)').fill('5');
          await link.getByLabel('Jitter (ms)').press('Tab');
          await link.getByText('40 to 45 ms').waitFor();
          await link.getByRole('button', { name: 'Cut' }).click();
          await link.getByText('cut').waitFor();
          expect(links.all()[0]).toEqual({ from: home, to: away, delayMs: 40, jitterMs: 5, cut: true });
          await links.set({ from: `${home}a`, to: away, cut: true });
          const other = page.getByRole('listitem', { name: `${home}a to ${away}` });
          await other.waitFor();
          await shot('links-1280');
          await other.getByRole('button', { name: 'Heal' }).click();
          await other.waitFor({ state: 'detached' });
          await link.getByRole('button', { name: 'Heal' }).click();
          await link.getByText('40 to 45 ms').waitFor();
          expect(faults).toEqual([]);
        },
        { regions },
      ),
    testMs,
  );

  test(
    'say why the home refuses, and fit on a small screen',
    () =>
      visit(
        async ({ page, rehearsal, shot, until }) => {
          rehearsal.setMembers(members);
          const link = page.getByRole('listitem', { name: `${home} to ${away}` });
          await link.getByLabel('Delay (ms)').fill('70000');
          await link.getByLabel('Delay (ms)').press('Enter');
          await page.getByText(`${home} → ${away}: is 70000; allowed: 0 to 60000 milliseconds`).waitFor();
          expect(await link.getByLabel('Delay (ms)').inputValue()).toBe('0');
          await until('document.documentElement.scrollWidth <= innerWidth');
          await shot('links-390');
        },
        { regions, viewport: { width: 390, height: 844 } },
      ),
    testMs,
  );

  test(
    'cannot be set by who only looks, and are not there with one region',
    () =>
      visit(
        async ({ page, url }) => {
          const link = page.getByRole('listitem', { name: `${home} to ${away}` });
          await link.getByRole('button', { name: 'Cut' }).waitFor();
          const looking = await page.context().browser()?.newPage();
          await looking?.goto(url);
          await looking?.getByRole('listitem', { name: `${home} to ${away}` }).waitFor();
          expect(await looking?.getByRole('button', { name: 'Cut' }).count()).toBe(0);
          await looking?.close();
        },
        { regions },
      ).then(() =>
        visit(async ({ page }) => {
          await page.getByText('etcd-1').first().waitFor();
          expect(await page.getByRole('heading', { name: 'Regions' }).count()).toBe(0);
        }),
      ),
    testMs,
  );
});
