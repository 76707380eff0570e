/** The browser's side of the JSON API. */
import type { LinksView, MembersView, RefusalView } from '../views.ts';
import { server } from './server.ts';
import { token } from './token.ts';

/** What the server said no to, and at which field. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly field: string | null;

  constructor(field: string | null, message: string) {
    super(message);
    this.field = field;
  }
}

export function executionPath(arn: string): string {
  return `/api/executions/${encodeURIComponent(arn)}`;
}

/** @throws ApiError with the server's words, or that it does not answer */
export async function getText(path: string): Promise<string> {
  return (await asked(path, {})).text();
}

export async function getJson<Answer>(path: string): Promise<Answer> {
  return (await asked(path, {})).json() as Promise<Answer>;
}

export async function postJson<Answer>(path: string, body: unknown): Promise<Answer> {
  return changedBy('POST', path, body);
}

export async function putJson<Answer>(path: string, body: unknown): Promise<Answer> {
  return changedBy('PUT', path, body);
}

async function changedBy<Answer>(method: 'POST' | 'PUT', path: string, body: unknown): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'x-etcd-appliance-token': token() ?? '' };
  return (await asked(path, { method, headers, body: JSON.stringify(body) })).json() as Promise<Answer>;
}

async function asked(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new ApiError(null, 'the server does not answer; is npm start still running?');
  }
  if (response.ok) return response;
  const refusal = (await response.json().catch(() => null)) as RefusalView | null;
  throw new ApiError(refusal?.error.field ?? null, refusal?.error.message ?? `status ${response.status}`);
}

export interface Watcher {
  /** Executions or instances have changed, or may have while the connection was down. */
  readonly changed: () => void;
  readonly members: (view: MembersView) => void;
  readonly links: (view: LinksView) => void;
  readonly connected: (connected: boolean) => void;
}

/** Listens for pushes until the function it returns is called; the browser reconnects by itself. */
export function watch({ changed, members, links, connected }: Watcher): () => void {
  const stream = new EventSource('/api/events');
  stream.addEventListener('hello', (event) => {
    // Another start of the server has another token, and perhaps another page.
    if (JSON.parse(event.data).server !== server) location.reload();
    connected(true);
    changed();
  });
  stream.addEventListener('change', changed);
  stream.addEventListener('members', (event) => members(JSON.parse(event.data) as MembersView));
  stream.addEventListener('links', (event) => links(JSON.parse(event.data) as LinksView));
  stream.addEventListener('error', () => connected(false));
  return () => stream.close();
}
