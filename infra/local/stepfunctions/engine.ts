/**
 * The engine: every change of an execution is one transaction (frames, timers, tokens and the history events they
 * produced), and only after its commit are Lambdas called and nested executions started. After a crash `start` makes the
 * calls again that had not come back.
 */
import type { Authorize, HomeContext } from '../wire/service.ts';
import { advance, begin, endWait } from './advance.ts';
import { runCall } from './calls.ts';
import { StatesError } from './errors.ts';
import { type ExecutionRow, ExecutionStore } from './executionStore.ts';
import type { Frame, TimerRow } from './frame.ts';
import { type MachineRow, MachineStore } from './machineStore.ts';
import { stopNested, takeNested } from './nested.ts';
import { endAll, failFrame, within } from './recovery.ts';
import { type Effect, Run } from './run.ts';
import { failTask, timeoutFailure } from './tasks.ts';
import { Timers } from './timers.ts';

export interface Invocation {
  readonly statusCode: number;
  readonly payload: unknown;
  readonly functionError?: string;
  readonly executedVersion?: string;
}

/** Rejects with AwsError as Lambda's Invoke does, e.g. ResourceNotFoundException. */
export type InvokeLambda = (
  functionArnOrName: string,
  payload: unknown,
  signal: AbortSignal | undefined,
  /** The session of the machine's role. */
  as: { readonly arn: string },
) => Promise<Invocation>;

export interface NewExecution {
  readonly machine: MachineRow;
  readonly name: string;
  readonly input: string;
}

export class Engine {
  readonly store: ExecutionStore;
  readonly machines: MachineStore;
  readonly invokeLambda: InvokeLambda;
  readonly authorize: Authorize;
  readonly log: (line: string) => void;
  /** Told of every execution that has ended, after the commit. */
  onEnded: (execution: ExecutionRow) => void = () => {};
  readonly #context: HomeContext;
  readonly #timers: Timers;
  readonly #calls = new Set<Promise<void>>();
  #depth = 0;
  #committed: { readonly arn: string; readonly effects: readonly Effect[] }[] = [];
  #stopping = new AbortController();
  #started = false;

  constructor(context: HomeContext, { invokeLambda, authorize }: Pick<Engine, 'invokeLambda' | 'authorize'>) {
    this.#context = context;
    this.store = new ExecutionStore(context.database);
    this.machines = new MachineStore(context.database);
    this.invokeLambda = invokeLambda;
    this.authorize = authorize;
    this.log = context.log;
    this.#timers = new Timers(this.store, (timer) => this.#fire(timer));
  }

  /** Takes up where the last process left off. */
  start(): void {
    this.#stopping = new AbortController();
    this.#started = true;
    this.#timers.start();
    for (const arn of this.store.running()) {
      for (const id of this.store.frameIds(arn)) this.#resume(arn, id);
    }
  }

  /** Stops without ending anything: what runs is taken up by the next `start`, here or in another process. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#timers.stop();
    this.#stopping.abort();
    await Promise.all(this.#calls);
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Runs `work` on a running execution in one transaction, then moves it on. Undefined if it is not running. */
  transact<T>(arn: string, work: (run: Run) => T): T | undefined {
    const execution = this.store.get(arn);
    return execution?.status === 'RUNNING' ? this.#commit(new Run(this.store, execution), work) : undefined;
  }

  /** Runs `work` on the frame of an execution if it is still at this attempt. */
  atFrame(arn: string, id: number, attempt: number | undefined, work: (run: Run, frame: Frame) => void): void {
    this.transact(arn, (run) => {
      const frame = run.frame(id);
      if (frame !== undefined && (attempt === undefined || frame.attempt === attempt)) work(run, frame);
    });
  }

  create({ machine, name, input }: NewExecution): ExecutionRow {
    const execution: ExecutionRow = {
      arn: executionArn(machine.arn, name),
      machineArn: machine.arn,
      machineName: machine.name,
      name,
      roleArn: machine.roleArn,
      definition: machine.definition,
      revision: machine.revision,
      input,
      started: Date.now(),
      status: 'RUNNING',
      stopped: null,
      output: null,
      error: null,
      cause: null,
      lastEvent: 0,
      lastFrame: 0,
    };
    this.#commit(new Run(this.store, execution), (run) => {
      const details = { input, inputDetails: { truncated: false }, roleArn: machine.roleArn };
      run.event(null, 'ExecutionStarted', details);
      const { StartAt: state, TimeoutSeconds: timeout } = run.machine;
      const data = JSON.parse(input);
      run.addFrame({ parent: null, index: 0, location: [], state, input: data, lastEvent: 0, item: null });
      if (timeout === undefined) return;
      this.store.setTimer({ executionArn: run.arn, frame: 0, kind: 'execution', due: Date.now() + timeout * 1000 });
    });
    return execution;
  }

  /** StopExecution. */
  abort(arn: string, error: string | undefined, cause: string | undefined): void {
    this.transact(arn, (run) => {
      const details = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
      run.event(null, 'ExecutionAborted', details);
      endAll(run);
      run.finish('ABORTED', details);
    });
  }

  #commit<T>(run: Run, work: (run: Run) => T): T {
    this.#depth += 1;
    try {
      const result = this.store.transaction(() => {
        const value = this.#guarded(run, work);
        run.flush();
        return value;
      });
      this.#committed.push({ arn: run.arn, effects: run.effects });
      return result;
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#afterCommit();
    }
  }

  /** A failure outside any state, such as a history that is full, ends the execution. */
  #guarded<T>(run: Run, work: (run: Run) => T): T {
    try {
      const value = work(run);
      advance(run);
      return value;
    } catch (error) {
      const [root] = run.allFrames();
      if (!(error instanceof StatesError) || root === undefined) throw error;
      failFrame(run, root, new StatesError('States.Runtime', error.cause));
      return undefined as T;
    }
  }

  #afterCommit(): void {
    const committed = this.#committed;
    this.#committed = [];
    this.#timers.rearm();
    for (const { arn, effects } of committed) {
      for (const effect of effects) this.#perform(arn, effect);
      this.#context.events.emit('change', { topic: 'executions', id: arn });
    }
  }

  #perform(arn: string, effect: Effect): void {
    if (effect.kind === 'call') this.#call(arn, effect.frame, effect.attempt);
    else if (effect.kind === 'stopNested') stopNested(this, arn, effect.arn);
    else this.#ended(arn);
  }

  #call(arn: string, id: number, attempt: number): void {
    if (!this.#started) return;
    const call = runCall(this, arn, id, attempt)
      .catch((error: unknown) => this.log(`states: a call of ${arn} broke off: ${String(error)}`))
      .finally(() => this.#calls.delete(call));
    this.#calls.add(call);
  }

  #ended(arn: string): void {
    const execution = this.store.get(arn);
    if (execution === undefined) return;
    this.onEnded(execution);
    for (const { waiterArn, frame } of this.store.waiters(arn)) this.#deliver(execution, waiterArn, frame);
  }

  /** A nested execution has ended: the Task that waits for it goes on. */
  #deliver(execution: ExecutionRow, waiterArn: string, waiterFrame: number): void {
    this.atFrame(waiterArn, waiterFrame, undefined, (run, frame) => {
      if (frame.call?.nestedArn !== execution.arn) return;
      takeNested(this, run, frame, execution);
    });
  }

  #resume(arn: string, id: number): void {
    const frame = this.store.frame(arn, id);
    if (frame?.phase !== 'task' || frame.call === null) return;
    if (!frame.call.submitted) this.#call(arn, id, frame.attempt);
    const nested = frame.call.nestedArn === null ? undefined : this.store.get(frame.call.nestedArn);
    if (nested !== undefined && nested.status !== 'RUNNING') this.#deliver(nested, arn, id);
  }

  #fire({ executionArn: arn, frame: id, kind }: TimerRow): void {
    this.store.clearTimer(arn, id, kind);
    if (kind === 'execution') {
      this.transact(arn, (run) => {
        run.event(null, 'ExecutionTimedOut', { error: 'States.Timeout' });
        endAll(run);
        run.finish('TIMED_OUT', {});
      });
      return;
    }
    this.atFrame(arn, id, undefined, (run, frame) => {
      const state = run.stateOf(frame);
      if (kind === 'timeout' || kind === 'heartbeat') failTask(run, frame, timeoutFailure(kind), true);
      else if (kind === 'retry') within(run, frame, () => begin(run, frame, state));
      else if (state.Type === 'Wait') within(run, frame, () => endWait(run, frame, state));
    });
  }
}

/** `arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME` */
export const executionArn = (machineArn: string, name: string): string =>
  `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
