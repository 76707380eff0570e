/** Asks the members' agents what they are. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Commands } from '../../agent/protocol.ts';
import { sendToAgent } from '../aws/runCommand.ts';
import type { MemberReport } from '../plan/memberReports.ts';
import type { MemberSurvey } from '../plan/upgradeFacts.ts';

/** How long a task asks again while what it sees may pass: an election, a busy moment. Below the time-out of its Lambda. */
const patienceMs = 20_000;
const pauseMs = 1_000;

/** One report of each; an agent that does not answer is one too. */
export async function askMembers(instanceIds: readonly string[], execution: string): Promise<readonly MemberReport[]> {
  const answers = await askEach(instanceIds, execution, 'describe');
  return answers.map(({ instanceId, result, problem }) => ({ instanceId, description: result, problem }));
}

/** What the members run now, each by its own word. */
export async function surveyMembers(
  instanceIds: readonly string[],
  execution: string,
): Promise<readonly MemberSurvey[]> {
  const answers = await askEach(instanceIds, execution, 'survey');
  return answers.map(({ result, ...answer }) => ({ ...answer, survey: result }));
}

/** Looks again and again until nothing is wrong that may pass. */
export async function untilSteady<Seen>(
  look: () => Promise<{ readonly seen: Seen; readonly passing: readonly string[] }>,
): Promise<Seen> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const { seen, passing } = await look();
    if (passing.length === 0 || Date.now() > deadline) return seen;
    await sleep(pauseMs);
  }
}

interface Answer<Result> {
  readonly instanceId: string;
  /** Null where there is none. */
  readonly result: Result | null;
  /** Why there is none. */
  readonly problem: string;
  /** Epoch milliseconds. */
  readonly answeredAtMs: number;
}

type Question = 'describe' | 'survey';

function askEach<Name extends Question>(
  instanceIds: readonly string[],
  execution: string,
  command: Name,
): Promise<readonly Answer<Commands[Name]['result']>[]> {
  return Promise.all(
    instanceIds.map((instanceId) =>
      ask(instanceId, execution, command).catch((error: Error) => ({
        instanceId,
        result: null,
        problem: error.message,
        answeredAtMs: Date.now(),
      })),
    ),
  );
}

async function ask<Name extends Question>(
  instanceId: string,
  execution: string,
  command: Name,
): Promise<Answer<Commands[Name]['result']>> {
  // Each look is a command of its own: a repeated id would answer what was seen the first time.
  const id = `${execution.split(':').at(-1)}/${command}/${instanceId}/${Date.now()}`;
  const { entry } = await sendToAgent(instanceId, { command, id, input: {} });
  const answer = { instanceId, answeredAtMs: Date.now() };
  const { outcome } = entry;
  if (outcome.status === 'succeeded')
    return { ...answer, result: outcome.result as Commands[Name]['result'], problem: '' };
  const problem = outcome.status === 'failed' ? outcome.cause : noAnswer[command];
  return { ...answer, result: null, problem };
}

const noAnswer: Readonly<Record<Question, string>> = {
  describe: 'it did not describe itself in time',
  survey: 'it did not answer in time',
};
