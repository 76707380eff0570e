/** The links between regions over the page's API, and by the command that uses it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { tokenHeader } from '../../../../infra/local/page/guard.ts';
import { type RunningPage, startPage } from '../../../../infra/local/page/server.ts';
import { definition, type Rehearsal, rehearse } from './rehearsal.ts';

const [home, away] = ['us-east-1', 'us-west-2'];
const link = (from: string, to: string, pace: object = {}) => ({
  from,
  to,
  delayMs: 0,
  jitterMs: 0,
  cut: false,
  ...pace,
});
let rehearsal: Rehearsal;
let page: RunningPage;

beforeEach(async () => {
  rehearsal = rehearse(definition, [home, away]);
  page = await startPage({ host: '127.0.0.1', port: 0, source: rehearsal.source, log: () => {} });
});
afterEach(() => page.close());

async function put(body: unknown, token = page.urlWithToken.split('#token=')[1] ?? '') {
  const headers = { 'content-type': 'application/json', [tokenHeader]: token };
  const answer = await fetch(`${page.url}api/links`, { method: 'PUT', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

const links = async () => (await fetch(`${page.url}api/links`)).json();

describe('/api/links', () => {
  test('shows the regions and both ways between them, and sets one', async () => {
    expect(await links()).toEqual({ regions: [home, away], links: [link(home, away), link(away, home)] });
    const set = { regions: [home, away], links: [link(home, away, { delayMs: 35, cut: true }), link(away, home)] };
    expect(await put({ from: home, to: away, delayMs: 35, cut: true })).toEqual({ status: 200, body: set });
    expect(await links()).toEqual(set);
  });

  test.each([
    [{ from: home, to: away, delay: 5 }, 'delay', 'unknown field; a link has from, to, delayMs, jitterMs, cut'],
    [{ from: home, delayMs: 5 }, 'to', 'allowed: us-east-1, us-west-2, a zone'],
    [{ from: home, to: away, delayMs: '5' }, 'delayMs', 'is "5"; allowed: 0 to 60000 milliseconds'],
  ])('refuses %j by the field', async (body, field, message) => {
    const error = { field, message: expect.stringContaining(message) };
    expect(await put(body)).toEqual({ status: 400, body: { error } });
    expect(await links()).toMatchObject({ links: [link(home, away), link(away, home)] });
  });

  test('refuses a change without the token', async () => {
    expect((await put({ from: home, to: away, cut: true }, 'x')).status).toBe(403);
  });

  test('pushes a change to who watches', async () => {
    const stream = await fetch(`${page.url}api/events`);
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    await put({ from: home, to: away, jitterMs: 7 });
    let heard = '';
    while (!heard.includes('event: links\n')) heard += (await reader?.read())?.value ?? '';
    expect(heard).toContain(`"links":[{"from":"${home}","to":"${away}","delayMs":0,"jitterMs":7,"cut":false}`);
    await reader?.cancel();
  });
});

describe('npm run links', () => {
  const folder = mkdtempSync(join(tmpdir(), 'links-command-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function run(...args: readonly string[]) {
    writeFileSync(join(folder, 'endpoints.json'), JSON.stringify({ page: page.urlWithToken }));
    const program = 'infra/local/links/command.ts';
    const child = spawn(process.execPath, [program, '--data', folder, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { out, err, code: child.exitCode };
  }

  test('shows, sets and heals links, and names the option that the home refuses', async () => {
    expect(await run('--from', home, '--to', away, '--rtt-ms', '80')).toMatchObject({
      out: `  ${home} -> ${away}  40 ms\n  ${away} -> ${home}  40 ms\n`,
      code: 0,
    });
    await put({ from: `${home}a`, to: away, cut: true });
    await put({ from: away, to: home, cut: true });
    expect(JSON.parse((await run('--heal', '--json')).out)).toEqual({
      regions: [home, away],
      links: [link(home, away, { delayMs: 40 }), link(away, home, { delayMs: 40 })],
    });
    expect(await run('--from', 'mars', '--to', away, '--cut')).toMatchObject({
      err: expect.stringMatching(/^--from is 'mars'; allowed: us-east-1, us-west-2, a zone/),
      code: 2,
    });
    await page.close();
    const gone = await run();
    page = await startPage({ host: '127.0.0.1', port: 0, source: rehearsal.source, log: () => {} });
    expect(gone).toMatchObject({
      err: expect.stringContaining('does not answer; is npm start still running?'),
      code: 1,
    });
  }, 30_000);
});
