import type { Commands, Description } from '../protocol.ts';
import type { Ledger } from './ledger.ts';

/** What this member is now, and what became of an earlier command. */
export async function describe(
  { commandId }: Commands['describe']['input'],
  current: () => Promise<Description>,
  ledger: Ledger,
): Promise<Description> {
  const command = commandId === undefined ? null : (ledger.find(commandId)?.entry ?? null);
  return { ...(await current()), command };
}
