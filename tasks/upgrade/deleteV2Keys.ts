import type { Tasks } from '../catalogue.ts';
import { command } from './command.ts';

type Input = Tasks['deleteV2Keys']['input'];

/** Has a member delete every key of the v2 store. @throws Fault as sendToAgent */
export async function handler(input: Input): Promise<Tasks['deleteV2Keys']['output']> {
  return command(input, 'deleteV2Keys', {});
}
