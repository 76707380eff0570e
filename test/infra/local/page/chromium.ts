/** The page in real Chromium, with executions that the test itself advances. */
import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { build } from 'esbuild';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { startPage } from '../../../../infra/local/page/server.ts';
import { chromiumOrInstall } from '../../../chromium.ts';
import { member, type Rehearsal, rehearse } from './rehearsal.ts';

const executable = chromiumOrInstall();
const screenshots = new URL('../../../../test-output/page/', import.meta.url).pathname;
/** For every wait of these tests: a condition that is not met by then will not be. */
const deadlineMs = 20_000;
/** For a test of these: several waits. */
export const testMs = 60_000;

/** One page of a cluster of three members, in a browser window of its own. */
export interface Stage {
  readonly page: Page;
  readonly rehearsal: Rehearsal;
  /** The page's address, without the token. */
  readonly url: string;
  /** What the page's console says is wrong. */
  readonly faults: readonly string[];
  /** A state's node in the step graph. */
  node(name: string): Locator;
  /** Waits until a state's node says this about it. */
  stateIs(name: string, label: string): Promise<void>;
  /**
   * Waits until an expression is true in the page. (Playwright's waitForFunction evaluates inside the page when it asks
   * again, which the page's content security policy forbids.)
   */
  until(expression: string): Promise<void>;
  /** Keeps what the page looks like, for people. */
  shot(name: string): Promise<unknown>;
}

export interface VisitOptions extends BrowserContextOptions {
  /** Definition of the state machine; without one ClusterBootstrap in small. */
  readonly machine?: object;
  /** Of the home; without them one. */
  readonly regions?: readonly string[];
  /** The cluster's name; without one `etcd`. */
  readonly cluster?: string;
}

/** Opens the page at 1280 x 900 unless the options say otherwise, and closes everything after the body. */
export type Visit = (body: (stage: Stage) => Promise<void>, options?: VisitOptions) => Promise<void>;

/** `describe` with one browser for its tests; skipped where there is none. */
export function describeInChromium(title: string, tests: (visit: Visit) => void): void {
  (executable === null ? describe.skip : describe)(title, () => {
    let browser: Browser;
    beforeAll(async () => {
      mkdirSync(screenshots, { recursive: true });
      browser = await chromium.launch({ executablePath: executable ?? '', args: ['--no-sandbox'] });
    }, testMs);
    afterAll(() => browser.close());
    tests((body, options) => visit(browser, body, options));
  });
}

async function visit(
  browser: Browser,
  body: (stage: Stage) => Promise<void>,
  { machine, regions, cluster = 'etcd', ...options }: VisitOptions = {},
): Promise<void> {
  const rehearsal = rehearse(machine, regions);
  rehearsal.setMembers([member(1), member(2), member(3)]);
  const server = await startPage({
    host: '127.0.0.1',
    port: 0,
    source: { ...rehearsal.source, cluster },
    log: () => undefined,
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(deadlineMs);
    const faults: string[] = [];
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(server.urlWithToken);
    await body({
      page,
      rehearsal,
      url: server.url,
      faults,
      node: (name) => page.getByRole('button', { name: new RegExp(`^${name.replace('?', '\\?')}: `) }),
      stateIs: (name, label) => page.getByRole('button', { name: `${name}: ${label}`, exact: true }).waitFor(),
      until: (expression) => until(page, expression),
      shot: (name) => page.screenshot({ path: `${screenshots}${name}.png`, fullPage: true }),
    });
  } finally {
    await context.close();
    await server.close();
  }
}

async function until(page: Page, expression: string): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await page.evaluate(expression))) {
    if (Date.now() > end) throw new Error(`still not true after ${deadlineMs} ms: ${expression.slice(-200)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A script of browser/, which is checked with the DOM's types, unlike the rest of the project. */
export async function bundled(name: string): Promise<string> {
  const entry = new URL(`./browser/${name}.ts`, import.meta.url).pathname;
  const built = await build({ entryPoints: [entry], bundle: true, format: 'iife', globalName: name, write: false });
  return built.outputFiles[0]?.text ?? '';
}
