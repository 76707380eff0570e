/** What is selected, kept in the URL's hash: a reload or a shared link shows the same. */
import { useEffect, useState } from 'preact/hooks';

export interface Selection {
  /** ARN; null: the newest. */
  readonly execution: string | null;
  readonly state: string | null;
}

export function hashOf({ execution, state }: Selection): string {
  const query = new URLSearchParams();
  if (execution !== null) query.set('execution', execution);
  if (state !== null) query.set('state', state);
  return `#${query}`;
}

export function selectionOf(hash: string): Selection {
  const query = new URLSearchParams(hash.replace(/^#/, ''));
  return { execution: query.get('execution'), state: query.get('state') };
}

export function useSelection(): readonly [Selection, (selection: Selection) => void] {
  const [selection, setSelection] = useState(() => selectionOf(location.hash));
  useEffect(() => {
    const read = (): void => setSelection(selectionOf(location.hash));
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  const select = (next: Selection): void => {
    history.replaceState(null, '', hashOf(next));
    setSelection(next);
  };
  return [selection, select];
}
