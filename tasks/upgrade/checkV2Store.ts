import type { Tasks } from '../catalogue.ts';
import { command } from './command.ts';

type Input = Tasks['checkV2Store']['input'];

/** Has a member look for keys of the v2 API in its snapshot and log. @throws Fault as sendToAgent */
export async function handler(input: Input): Promise<Tasks['checkV2Store']['output']> {
  return command(input, 'checkV2Store', {});
}
