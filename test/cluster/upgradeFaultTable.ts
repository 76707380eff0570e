/**
 * What may happen at which state of RollingUpgrade and UpgradeHop: one row for each state that calls a task, in the order in
 * which an upgrade of its path first enters them. Which faults a row has follows from what its task may do. Pure.
 */
import { catalogue, type DeployedTask, type Permission } from '../../tasks/catalogue.ts';

/**
 * An upgrade that enters the state. `refusal`: ends before it has begun. `resume`: goes on with a halted replacement. `failure`:
 * cannot replace an instance. `halt`: fails outside a hop. On a path each state has a task of its own.
 */
export type UpgradePath = 'patch' | 'refusal' | 'minor' | 'replace' | 'resume' | 'failure' | 'halt' | 'abandon';

export interface UpgradeState {
  readonly machine: 'RollingUpgrade' | 'UpgradeHop';
  readonly name: string;
  readonly task: DeployedTask;
  readonly path: UpgradePath;
  /** Whether an agent finishes it through the task token. */
  readonly waits: boolean;
  /** Whether the lock is held, and the upgrade noted, by the time that it is entered. */
  readonly begun: boolean;
}

export const upgradeFaults = [
  'its Lambda dies',
  'the execution is stopped',
  'DynamoDB throttles it',
  'the agents are killed',
  'an instance disappears',
  'Run Command fails',
  'Run Command says nothing for a while',
  'the agent’s answer is lost',
] as const;
export type UpgradeFault = (typeof upgradeFaults)[number];

type More = { readonly waits?: true; readonly begun?: false };

function statesOn(
  path: UpgradePath,
  machine: UpgradeState['machine'],
  rows: readonly (readonly [name: string, task: DeployedTask, more?: More])[],
): readonly UpgradeState[] {
  return rows.map(([name, task, more]) => ({ machine, name, task, path, waits: false, begun: true, ...more }));
}

const unbegun = { begun: false } as const;
const waits = { waits: true } as const;

export const upgradeStates: readonly UpgradeState[] = [
  ...statesOn('patch', 'RollingUpgrade', [
    ['Check the request', 'checkUpgrade', unbegun],
    ['Plan the upgrade', 'planUpgrade', unbegun],
    ['Take the operation lock', 'takeLock', unbegun],
    ['Begin the upgrade', 'beginUpgrade', unbegun],
    ['Choose the next hop', 'chooseHop'],
  ]),
  ...statesOn('patch', 'UpgradeHop', [
    ['Install the release', 'installRelease', waits],
    ['Choose the next member', 'chooseMember'],
    ['Upgrade the member', 'upgradeMember', waits],
    ['Wait until the member reports it', 'awaitClusterVersion', waits],
    ['Note the hop', 'noteHop'],
  ]),
  ...statesOn('patch', 'RollingUpgrade', [
    ['End the upgrade', 'finishUpgrade'],
    ['Release the lock', 'releaseLock'],
  ]),
  ...statesOn('refusal', 'RollingUpgrade', [['Explain the refusal', 'explainFailure', unbegun]]),
  ...statesOn('minor', 'UpgradeHop', [
    ['Back up the member', 'backUpMember', waits],
    ['Have the member take a raft snapshot', 'takeRaftSnapshot', waits],
    ['Delete the keys of the v2 store', 'deleteV2Keys', waits],
    ['Look through the v2 store', 'checkV2Store', waits],
  ]),
  ...statesOn('replace', 'UpgradeHop', [
    ['Let new members join', 'admitMembers'],
    ['Begin the rotation', 'beginRotation'],
    ['Choose the next instance', 'chooseInstance'],
    ['Add an instance', 'addInstance'],
    ['Wait until a new member has joined', 'awaitNewMember', waits],
    ['Wait until the new member is healthy', 'awaitSuccessorHealth', waits],
    ['Terminate the old instance', 'terminateInstance'],
    ['Wait until the old member has left', 'awaitMemberGone', waits],
    ['Note the replacement', 'noteReplacement'],
    ['Give the group back', 'restoreGroup'],
    ['Let nobody join any more', 'closeMembership'],
  ]),
  ...statesOn('resume', 'RollingUpgrade', [['Give the group back before it goes on', 'restoreGroup']]),
  ...statesOn('failure', 'UpgradeHop', [
    ['Put the group back after the failure', 'restoreGroup'],
    ['Let nobody join after the failure', 'closeMembership'],
    ['Explain the failure', 'explainFailure'],
  ]),
  ...statesOn('halt', 'RollingUpgrade', [['Explain the failure', 'explainFailure']]),
  ...statesOn('abandon', 'RollingUpgrade', [
    ['Give the group back', 'restoreGroup'],
    ['End the abandoned upgrade', 'finishUpgrade'],
    ['Release the lock of the abandoned upgrade', 'releaseLock'],
  ]),
];

const recordAccess: readonly Permission[] = ['readRecord', 'writeRecord', 'updateRecord'];

/** Why this fault cannot happen at this state, as a sentence; null where it can. */
export function whyNot(fault: UpgradeFault, { task, waits }: Pick<UpgradeState, 'task' | 'waits'>): string | null {
  const calls = firstCall(task);
  const asksAgents = catalogue[task].permissions.includes('sendCommand');
  switch (fault) {
    case 'its Lambda dies':
    case 'the execution is stopped':
      return null;
    case 'DynamoDB throttles it':
      return calls === 'dynamodb' ? null : `${task} may not use the cluster record.`;
    case 'the agents are killed':
    case 'an instance disappears':
    case 'Run Command fails':
    case 'Run Command says nothing for a while':
      return asksAgents ? null : `${task} asks no agent: whether there are any changes nothing for it.`;
    case 'the agent’s answer is lost':
      return waits ? null : `${task} waits for no answer: it has it, or the Lambda has failed.`;
  }
}

/** The service that a task calls first; null where it calls none. */
export function firstCall(task: DeployedTask): 'dynamodb' | 'ssm' | null {
  const { permissions } = catalogue[task];
  if (permissions.some((permission) => recordAccess.includes(permission))) return 'dynamodb';
  return permissions.includes('sendCommand') ? 'ssm' : null;
}

/** The states of a path at which this fault can happen. */
export function statesWith(fault: UpgradeFault, path: UpgradePath): readonly UpgradeState[] {
  return upgradeStates.filter((state) => state.path === path && whyNot(fault, state) === null);
}
