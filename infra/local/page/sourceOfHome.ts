/** The local home as the page sees it: through its Step Functions API and its agents' status endpoints. */
import type { EventEmitter } from 'node:events';
import { get } from 'node:http';
import {
  DescribeExecutionCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { regionOfZone } from '#etcd/regions.ts';
import { type Description, ports } from '../../../agent/protocol.ts';
import { lockReader } from './lock.ts';
import { type InstanceFacts, memberView } from './members.ts';
import type { Change, PageSource, StatesCalls } from './source.ts';
import { upkeepView } from './upkeep.ts';
import type { MemberView } from './views.ts';

/** The part of an open home that the page needs. */
export interface WatchedHome {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly context: { readonly region: string; readonly events: EventEmitter };
  /** Of the stack; empty while it is being deployed. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly links: PageSource['links'];
  regions(): readonly { instances(): Promise<readonly InstanceFacts[]> }[];
}

/** Milliseconds that an agent has to answer before the page goes on without it. */
const usualDeadlineMs = 1000;
const statusBytes = 1 << 20;

export function sourceOfHome(home: WatchedHome, statusDeadlineMs = usualDeadlineMs): PageSource {
  const { endpoint, credentials, context } = home;
  const config = { endpoint, credentials, region: context.region, maxAttempts: 1 };
  const client = new SFNClient(config);
  const readLock = lockReader(config, () => home.outputs);
  const calls: {
    [Name in keyof StatesCalls]: (input: StatesCalls[Name]['input']) => Promise<StatesCalls[Name]['output']>;
  } = {
    ListStateMachines: (input) => client.send(new ListStateMachinesCommand(input)),
    ListExecutions: (input) => client.send(new ListExecutionsCommand(input)),
    DescribeExecution: (input) => client.send(new DescribeExecutionCommand(input)),
    DescribeStateMachineForExecution: (input) => client.send(new DescribeStateMachineForExecutionCommand(input)),
    GetExecutionHistory: (input) => client.send(new GetExecutionHistoryCommand(input)),
    StartExecution: (input) => client.send(new StartExecutionCommand(input)),
    StopExecution: (input) => client.send(new StopExecutionCommand(input)),
  };
  // Agents say which cluster they belong to; until one has, it is the setting's default.
  let cluster = 'etcd';
  let described: readonly Description[] = [];

  return {
    get cluster() {
      return cluster;
    },
    links: home.links,
    call: (operation, input) => calls[operation](input),
    async members() {
      const all = await Promise.all(home.regions().map((region) => region.instances()));
      const instances = all.flat().filter(({ state }) => state !== 'terminated');
      const statuses = await Promise.all(
        instances.map(async (instance) => [instance, await statusOf(instance, statusDeadlineMs)] as const),
      );
      described = statuses.flatMap(([, status]) => ('unanswered' in status ? [] : [status]));
      cluster = described[0]?.cluster ?? cluster;
      const members = statuses.map(([instance, status]) => memberView(instance, status));
      const rank = ({ zone }: MemberView) => home.links.regions().indexOf(regionOfZone(zone) ?? '');
      return members.sort((a, b) => rank(a) - rank(b) || a.zone.localeCompare(b.zone) || a.name.localeCompare(b.name));
    },
    async upkeep() {
      const lock = await readLock();
      const holder = lock?.holder;
      const asked = holder === undefined ? null : calls.DescribeExecution({ executionArn: holder });
      // Somebody may have written another holder by hand.
      const status = await asked?.then((answer) => answer.status ?? null).catch(() => null);
      return upkeepView(described, lock, status ?? null);
    },
    onChange(listener) {
      const hear = (change: Change): void => listener(change);
      home.context.events.on('change', hear);
      return () => home.context.events.off('change', hear);
    },
  };
}

/** Asks the agent; an instance that is not running has none. */
async function statusOf(
  { address, state }: InstanceFacts,
  deadlineMs: number,
): Promise<Description | { unanswered: string }> {
  if (state !== 'running') return { unanswered: `the instance is ${state}` };
  try {
    return JSON.parse(await fetchText(`http://${address}:${ports.status}/status`, deadlineMs)) as Description;
  } catch (error) {
    return { unanswered: `its agent does not answer: ${error instanceof Error ? error.message : error}` };
  }
}

function fetchText(url: string, deadlineMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(deadlineMs) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > statusBytes) request.destroy(new Error(`more than ${statusBytes} bytes`));
      });
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    request.once('error', (error) => {
      reject(
        error.name === 'AbortError' || error.name === 'TimeoutError'
          ? new Error(`nothing within ${deadlineMs} ms`)
          : error,
      );
    });
  });
}
