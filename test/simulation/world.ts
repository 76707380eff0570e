/** What a simulated cluster consists of. */
import type { Cloud } from './cloud.ts';

import type { EtcdModel } from './etcdModel.ts';
import type { Random } from './random.ts';
import type { RecordStore } from './recordStore.ts';
import type { Timeline } from './timeline.ts';
import type { Watch } from './watch.ts';
import type { Weather } from './weather.ts';

export interface World {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly weather: Weather;
  readonly watch: Watch;
  readonly cloud: Cloud;
  readonly store: RecordStore;
  readonly etcd: EtcdModel;
  /** Of all agents, from the beginning. */
  readonly lives: Life[];
}

/** One run of an agent, from its start to its end; what it waits for after its end never comes. */
export interface Life {
  readonly instanceId: string;
  readonly address: string;
  alive: boolean;
  /** SIGSTOP: answers come in, and wait. */
  paused: boolean;
  /** What waits for the end of the pause. */
  readonly held: (() => void)[];
  /** When its last look at the members began. */
  lookBeganMs: number;
  /** Of the turn that it took last. */
  token: number;
  /** Tokens of the turns in which it changed the membership. */
  readonly changedIn: number[];
}
