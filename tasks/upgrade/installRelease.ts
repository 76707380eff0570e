import type { Tasks } from '../catalogue.ts';
import { command } from './command.ts';

type Input = Tasks['installRelease']['input'];

/** Has a member install the hop's release beside the one that runs. @throws Fault as sendToAgent */
export async function handler(input: Input): Promise<Tasks['installRelease']['output']> {
  return command(input, 'installRelease', { version: input.hop.to });
}
