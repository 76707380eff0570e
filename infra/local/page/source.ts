/** Where the page gets what it shows: the local home, or a scripted execution in a test. */
import type * as sfn from '@aws-sdk/client-sfn';
import type { Links } from '../links/index.ts';
import type { MemberView, UpkeepView } from './views.ts';

type Answer<Output> = Omit<Output, '$metadata'>;

/** The calls of the Step Functions API that the page makes. */
export interface StatesCalls {
  ListStateMachines: { input: sfn.ListStateMachinesInput; output: Answer<sfn.ListStateMachinesOutput> };
  ListExecutions: { input: sfn.ListExecutionsInput; output: Answer<sfn.ListExecutionsOutput> };
  DescribeExecution: { input: sfn.DescribeExecutionInput; output: Answer<sfn.DescribeExecutionOutput> };
  DescribeStateMachineForExecution: {
    input: sfn.DescribeStateMachineForExecutionInput;
    output: Answer<sfn.DescribeStateMachineForExecutionOutput>;
  };
  GetExecutionHistory: { input: sfn.GetExecutionHistoryInput; output: Answer<sfn.GetExecutionHistoryOutput> };
  StartExecution: { input: sfn.StartExecutionInput; output: Answer<sfn.StartExecutionOutput> };
  StopExecution: { input: sfn.StopExecutionInput; output: Answer<sfn.StopExecutionOutput> };
}

/**
 * The page should look again at this; `id`: an execution's ARN or an instance's id; of links, which are looked at together,
 * none.
 */
export interface Change {
  readonly topic: 'executions' | 'instances' | 'links';
  readonly id: string;
}

export interface PageSource {
  /** The cluster's name. */
  readonly cluster: string;
  /** One call of the Step Functions API. @throws the API's own exceptions, told apart by `name` */
  call<Name extends keyof StatesCalls>(
    operation: Name,
    input: StatesCalls[Name]['input'],
  ): Promise<StatesCalls[Name]['output']>;
  /** Every instance of the cluster that is not terminated, whether or not its agent answers. */
  members(): Promise<readonly MemberView[]>;
  /** By what the agents said when the members were last asked for. */
  upkeep(): Promise<UpkeepView>;
  /** Between the regions. */
  readonly links: Omit<Links, 'reset'>;
  /** Calls the listener at every change, until the function it returns is called. */
  onChange(listener: (change: Change) => void): () => void;
}
