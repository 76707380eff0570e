/** The SDK's client as far as following an execution needs it, of Step Functions in memory. */
import { DescribeExecutionCommand, type GetExecutionHistoryCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { States } from '../local/stepfunctions/fixture.ts';

/** Counts the events it was given. */
export function clientOf(states: States): { client: SFNClient; given: () => number } {
  let given = 0;
  const send = async (command: DescribeExecutionCommand | GetExecutionHistoryCommand) => {
    if (command instanceof DescribeExecutionCommand) return states.call('DescribeExecution', command.input);
    const page = states.call('GetExecutionHistory', command.input);
    given += page.events.length;
    return page;
  };
  return { client: { send } as unknown as SFNClient, given: () => given };
}
