import type { StateStatus, UpkeepView } from '../views.ts';
import { Mark } from './mark.tsx';
import { dateTimeOf, dnsWords, executionNamed, lockWords, waysOut } from './words.ts';

/** Who is at work on the cluster, and what its own agents make of it. */
export function Upkeep({ upkeep: { lock, dns, housekeeping } }: { upkeep: UpkeepView }) {
  return (
    <dl class="upkeep" aria-label="Upkeep">
      <Item term="Lock" {...lockWords(lock)}>
        {lock?.held && [
          `${lock.held.purpose}: ${executionNamed(lock.held.holder)}`,
          `since ${dateTimeOf(lock.held.takenAt)}`,
          ...waysOut(lock.held),
        ]}
      </Item>
      <Item term="DNS" {...(dns === null ? unknown : dnsWords[dns.verdict])}>
        {dns?.reason ? [dns.reason] : null}
      </Item>
      <Item term="Housekeeping" {...housekeepingWords(housekeeping)}>
        {housekeeping && (housekeeping.paused === null ? housekeeping.findings : [housekeeping.paused])}
      </Item>
    </dl>
  );
}

const unknown = { status: 'aborted', word: 'no leader tells' } as const;

function housekeepingWords(housekeeping: UpkeepView['housekeeping']): { status: StateStatus; word: string } {
  if (housekeeping === null) return unknown;
  if (housekeeping.paused !== null) return { status: 'running', word: 'paused' };
  const { length } = housekeeping.findings;
  return length === 0 ? { status: 'succeeded', word: 'in order' } : { status: 'failed', word: `${length} found` };
}

interface ItemProps {
  readonly term: string;
  readonly status: StateStatus;
  readonly word: string;
  /** Lines in small below. */
  readonly children: readonly string[] | null | undefined | false;
}

function Item({ term, status, word, children }: ItemProps) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>
        <Mark status={status} word={word} />
        {children ? children.map((line) => <small key={line}>{line}</small>) : null}
      </dd>
    </div>
  );
}
