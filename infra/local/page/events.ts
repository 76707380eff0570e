/** Server-sent events: tells every open page when to look again. */
import type { ServerResponse } from 'node:http';
import { securityHeaders } from './reply.ts';
import type { Change } from './source.ts';
import type { LinksView, MembersView } from './views.ts';

/** At most 10 pushes a second. */
const gatherMs = 100;
/** Agents are asked for their status this often while a page is open: no event says that a health verdict has changed. */
const membersMs = 2000;
/** Keeps proxies and idle sockets from closing the stream. */
const heartbeatMs = 15_000;

export interface EventStream {
  open(response: ServerResponse): void;
  changed(change: Change): void;
  close(): void;
}

export interface Views {
  /** Asked for while somebody watches, pushed where they differ. */
  readonly members: () => Promise<MembersView>;
  /** Pushed when they were changed. */
  readonly links: () => LinksView;
}

/** @param server identifies this start of the server, so that a page of an earlier one reloads itself */
export function openEventStream(server: string, { members, links }: Views): EventStream {
  const watching = new Set<ServerResponse>();
  let gathered = nothing();
  let gathering: NodeJS.Timeout | null = null;
  let lastMembers = '';
  let asking = false;

  const push = (event: string, data: unknown): void => {
    for (const response of watching) response.write(frame(event, data));
  };
  const flush = (): void => {
    gathering = null;
    const { executions, instances, links: linksChanged } = gathered;
    gathered = nothing();
    if (linksChanged.size > 0) push('links', links());
    if (executions.size + instances.size === 0) return;
    push('change', { executions: [...executions], instances: [...instances] });
    if (instances.size > 0) void lookAtMembers();
  };
  const lookAtMembers = async (): Promise<void> => {
    if (asking || watching.size === 0) return;
    asking = true;
    // A home that is closing or not deployed yet has no members to tell of: the next look asks again.
    const seen = await members().catch(() => null);
    asking = false;
    const text = JSON.stringify(seen);
    if (seen === null || text === lastMembers) return;
    lastMembers = text;
    push('members', seen);
  };
  const membersTimer = setInterval(() => void lookAtMembers(), membersMs);
  const heartbeatTimer = setInterval(() => {
    for (const response of watching) response.write(': still here\n\n');
  }, heartbeatMs);

  return {
    open(response) {
      response.writeHead(200, { ...securityHeaders, 'content-type': 'text/event-stream; charset=utf-8' });
      response.write(`retry: 1000\n\n${frame('hello', { server })}`);
      watching.add(response);
      response.once('close', () => watching.delete(response));
    },
    changed({ topic, id }) {
      gathered[topic].add(id);
      gathering ??= setTimeout(flush, gatherMs);
    },
    close() {
      clearInterval(membersTimer);
      clearInterval(heartbeatTimer);
      if (gathering) clearTimeout(gathering);
      for (const response of watching) response.end();
    },
  };
}

/** By topic: what has changed. */
function nothing(): Record<Change['topic'], Set<string>> {
  return { executions: new Set(), instances: new Set(), links: new Set() };
}

function frame(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
