/** The page's JSON API: one table of routes, which `GET /api` prints. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventStream } from './events.ts';
import {
  execution,
  executions,
  graphDot,
  graphSvg,
  history,
  start,
  stateMachines,
  stop,
  visits,
} from './executions.ts';
import { linksView, setLink } from './links.ts';
import { clusterHealth } from './members.ts';
import { Refused, readBody, send, sendJson } from './reply.ts';
import type { PageSource } from './source.ts';
import { inputLimit } from './validate.ts';
import type { MembersView } from './views.ts';

interface Call {
  readonly source: PageSource;
  readonly events: EventStream;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** Of the path; empty where it has none. */
  readonly arn: string;
}

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** `ARN` stands for a percent-encoded execution ARN. */
  readonly path: string;
  readonly says: string;
  readonly query?: readonly string[];
  readonly answer: (call: Call) => Promise<void> | void;
}

/** An input of the greatest length, as a JSON string with every character escaped, and the rest of the request. */
const bodyLimit = inputLimit * 2 + 4096;

const routes: readonly Route[] = [
  { method: 'GET', path: '/api', says: 'this list', answer: ({ response }) => sendJson(response, description()) },
  {
    method: 'GET',
    path: '/api/state-machines',
    says: 'the state machines, each with the input that its form starts from',
    answer: async ({ source, response }) => sendJson(response, { stateMachines: await stateMachines(source) }),
  },
  {
    method: 'GET',
    path: '/api/executions',
    says: 'the latest 100 executions, newest first, of one state machine or of all',
    query: ['stateMachineArn'],
    answer: async ({ source, response, query }) =>
      sendJson(response, { executions: await executions(source, query.get('stateMachineArn')) }),
  },
  {
    method: 'POST',
    path: '/api/executions',
    says: 'starts one: {stateMachineArn, input (JSON text), name?}; answers 201 with its executionArn',
    answer: async ({ source, request, response }) =>
      sendJson(response, await start(source, await readBody(request, bodyLimit)), 201),
  },
  {
    method: 'GET',
    path: '/api/executions/ARN',
    says: 'status, input, output, error, cause, and how far each state is',
    answer: async ({ source, response, arn }) => sendJson(response, await execution(source, arn)),
  },
  {
    method: 'GET',
    path: '/api/executions/ARN/history',
    says: 'its history events; with ?state=NAME that state’s visits with input, output and events',
    query: ['state'],
    answer: async ({ source, response, arn, query }) => {
      const state = query.get('state');
      sendJson(
        response,
        state === null ? { events: await history(source, arn) } : { visits: await visits(source, arn, state) },
      );
    },
  },
  {
    method: 'GET',
    path: '/api/executions/ARN/graph',
    says: 'its step graph as SVG, or, with ?format=dot, as Graphviz source',
    query: ['format'],
    answer: graph,
  },
  {
    method: 'POST',
    path: '/api/executions/ARN/stop',
    says: 'stops it: {error?, cause?}',
    answer: async ({ source, request, response, arn }) =>
      sendJson(response, await stop(source, arn, await readBody(request, bodyLimit))),
  },
  {
    method: 'GET',
    path: '/api/members',
    says: 'the cluster’s health and upkeep (lock, DNS, housekeeping), its members with version, role, health and database',
    answer: async ({ source, response }) => sendJson(response, await membersView(source)),
  },
  {
    method: 'GET',
    path: '/api/links',
    says: 'the regions, and the one-way links between them: delay and jitter in milliseconds, cut or not',
    answer: ({ source, response }) => sendJson(response, linksView(source.links)),
  },
  {
    method: 'PUT',
    path: '/api/links',
    says: 'sets a link: {from, to, delayMs?, jitterMs?, cut?}; a cut may also be from or to a zone or an instance',
    answer: async ({ source, request, response }) =>
      sendJson(response, await setLink(source.links, await readBody(request, bodyLimit))),
  },
  {
    method: 'GET',
    path: '/api/events',
    says: 'server-sent events: "hello" {server}, "change" {executions: [ARN], instances: [id]}, "members" as /api/members, "links" as /api/links',
    answer: ({ events, response }) => events.open(response),
  },
];

/** Answers a request below /api. @throws Refused 400, 404 or 405 */
export async function answer(
  source: PageSource,
  events: EventStream,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const found = routes.flatMap((route) => matched(route, url.pathname));
  if (found.length === 0) throw new Refused(404, 'path', `nothing at ${url.pathname}; GET /api lists what there is`);
  const match = found.find(({ route }) => route.method === method);
  if (!match)
    throw new Refused(405, 'method', `${url.pathname} takes ${found.map(({ route }) => route.method).join(', ')}`);
  for (const key of url.searchParams.keys()) {
    if (!match.route.query?.includes(key)) throw new Refused(400, key, 'unknown query parameter; GET /api lists them');
  }
  await match.route.answer({ source, events, request, response, query: url.searchParams, arn: match.arn });
}

export async function membersView(source: PageSource): Promise<MembersView> {
  const members = await source.members();
  const upkeep = await source.upkeep();
  return { cluster: source.cluster, health: clusterHealth(members), upkeep, members };
}

function matched(route: Route, path: string): { route: Route; arn: string }[] {
  const [before = '', after] = route.path.split('ARN');
  if (after === undefined) return path === route.path ? [{ route, arn: '' }] : [];
  if (!path.startsWith(before) || !path.endsWith(after)) return [];
  const encoded = path.slice(before.length, path.length - after.length);
  return encoded === '' || encoded.includes('/') ? [] : [{ route, arn: executionArn(encoded) }];
}

function executionArn(encoded: string): string {
  let arn = '';
  try {
    arn = decodeURIComponent(encoded);
  } catch {
    // answered below
  }
  if (!/^arn:[^:]+:states:[^:]+:\d{12}:execution:[^:]+:[^:]+$/.test(arn)) {
    throw new Refused(400, 'executionArn', `${encoded} is not the (percent-encoded) ARN of an execution`);
  }
  return arn;
}

async function graph({ source, response, arn, query }: Call): Promise<void> {
  const format = query.get('format') ?? 'svg';
  if (format === 'dot') send(response, 200, 'text/vnd.graphviz; charset=utf-8', await graphDot(source, arn));
  else if (format === 'svg') send(response, 200, 'image/svg+xml; charset=utf-8', await graphSvg(source, arn));
  else throw new Refused(400, 'format', 'must be svg or dot');
}

function description(): unknown {
  return {
    changing:
      'POST and PUT need content-type application/json and the header X-Etcd-Appliance-Token: it ends the address of the page in endpoints.json',
    refusals: '{"error": {"field", "message"}}',
    routes: routes.map(({ method, path, says, query }) => ({ method, path, ...(query && { query }), says })),
  };
}
