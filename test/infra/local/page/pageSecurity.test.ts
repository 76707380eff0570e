/** The page against hostile texts, other pages in the same browser, and whoever has its bare address. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { failed, half } from './bootstrap.ts';
import { describeInChromium, testMs } from './chromium.ts';
import { definition, machineArn, member } from './rehearsal.ts';

const hostile = (where: string) =>
  `${where}"'><img src=x onerror="window.ran='${where}'"><script>window.ran='${where}'</script>{{1}}&lt;b&gt;`;
/** ClusterBootstrap in small, one of its states renamed. */
const machine = JSON.parse(
  JSON.stringify(definition).replaceAll('Bootstrap failed', JSON.stringify(hostile('state')).slice(1, -1)),
) as object;

describeInChromium('the page', (visit) => {
  test(
    'shows hostile texts as texts',
    () =>
      visit(
        async ({ page, rehearsal, faults }) => {
          const arn = rehearsal.start(hostile('name'), JSON.stringify({ cluster: hostile('input') }));
          failed(rehearsal, arn, half(rehearsal, arn));
          rehearsal.end(arn, 'FAILED', { error: hostile('error'), cause: hostile('cause') });
          rehearsal.event(arn, {
            type: 'FailStateEntered',
            previousEventId: 0,
            stateEnteredEventDetails: { name: hostile('state'), input: hostile('visit') },
          });
          const takenAt = '2026-01-01T00:00:00.000Z';
          const held = { holder: hostile('holder'), purpose: hostile('purpose'), takenAt, status: 'FAILED' as const };
          rehearsal.setUpkeep({
            lock: { held },
            dns: { verdict: 'notOurs', reason: hostile('dns') },
            housekeeping: { paused: null, findings: [hostile('finding')] },
          });
          const unhealthy = { health: 'unhealthy', reasons: [hostile('reason')], zone: hostile('zone') } as const;
          rehearsal.setMembers([member(1, { name: hostile('member'), version: hostile('version'), ...unhealthy })]);
          for (const where of ['cluster', 'member', 'reason', 'zone', 'version', 'purpose', 'dns', 'finding'])
            await page.getByText(hostile(where)).first().waitFor();
          await page.getByText('Input and output').click();
          for (const where of ['input', 'error', 'cause']) await page.getByText(`${where}`).first().waitFor();
          const node = page.locator('.state.kind-fail');
          expect(await node.getAttribute('aria-label')).toContain(hostile('state'));
          await node.click();
          await page.getByRole('heading', { name: hostile('state') }).waitFor();
          await page.getByText(hostile('visit')).first().waitFor();
          expect(await page.evaluate('window.ran')).toBeUndefined();
          expect(await page.locator('img').count()).toBe(0);
          expect(await page.locator('script').evaluateAll((all) => all.map((one) => one.getAttribute('src')))).toEqual([
            '/page.js',
          ]);
          // What tried to run would have been stopped by the content security policy, and told here.
          expect(faults).toEqual([]);
        },
        { machine, cluster: hostile('cluster') },
      ),
    testMs,
  );

  test(
    'takes the token out of its address, and only looks without one',
    () =>
      visit(async ({ page, url, faults }) => {
        const start = page.getByRole('button', { name: 'Start', exact: true });
        await start.waitFor();
        expect(page.url()).toBe(url);
        expect(await page.evaluate('document.cookie')).toBe('');
        const given = await page.evaluate<string>('Object.values(sessionStorage)[0]');
        expect(given).toMatch(/^[\w-]{43}$/);
        await page.reload();
        await start.waitFor();
        const other = await page.context().newPage();
        await other.goto(url);
        await other.getByText('Opened like this, the page only shows').waitFor();
        expect(await other.getByRole('button', { name: 'Start', exact: true }).count()).toBe(0);
        // Typed into the tab that is open.
        await other.goto(`${url}#token=${given}`);
        await other.getByRole('button', { name: 'Start', exact: true }).waitFor();
        expect(other.url()).toBe(url);
        expect(faults).toEqual([]);
      }),
    testMs,
  );

  test(
    'is not there for a page of another origin',
    () =>
      visit(async ({ page, rehearsal, url }) => {
        const stranger = await strangersPage(url);
        try {
          const before = rehearsal.calls.length;
          const other = await page.context().newPage();
          await other.goto('about:blank');
          await page.close(); // it asks, too
          const calls = rehearsal.calls.length;
          expect(calls).toBeGreaterThanOrEqual(before);
          const statuses: number[] = [];
          other.on('response', (answer) => void (answer.url().startsWith(url) && statuses.push(answer.status())));
          await other.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`);
          await other.getByText('done: fetch refused, post refused, events refused').waitFor();
          await other.getByRole('button', { name: 'send' }).click();
          await other.waitForURL(`${url}api/executions`);
          expect(rehearsal.calls.slice(calls)).toEqual([]);
          expect(new Set(statuses)).toEqual(new Set([403]));
        } finally {
          stranger.close();
          stranger.closeAllConnections();
        }
      }),
    testMs,
  );
});

/** On another port of the same address: the same site to a browser, and still a stranger. */
async function strangersPage(url: string): Promise<Server> {
  const start = JSON.stringify({ stateMachineArn: machineArn, input: '{"cluster":"etcd"}' });
  const script = `
    const said = (name, asked) => asked.then(() => name + ' answered', () => name + ' refused');
    const events = new Promise((yes, no) => {
      const stream = new EventSource('${url}api/events');
      stream.onopen = yes;
      stream.onerror = () => { stream.close(); no(); };
    });
    // Opaque answers tell nothing; those with CORS would.
    const post = { method: 'POST', body: ${JSON.stringify(start)}, headers: { 'content-type': 'text/plain' } };
    Promise.all([
      said('fetch', fetch('${url}api/members')),
      fetch('${url}api/executions', { ...post, mode: 'no-cors' }).catch(() => 0).then(() => said('post', fetch('${url}api/executions', post))),
      said('events', events),
    ]).then((all) => { document.querySelector('p').textContent = 'done: ' + all.join(', '); });`;
  const html = `<!doctype html><p></p><img src="${url}icon.svg"><iframe src="${url}"></iframe><script>${script}</script>
    <form method="post" enctype="text/plain" action="${url}api/executions"><input name="x" value="1"><button>send</button></form>`;
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(html));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
