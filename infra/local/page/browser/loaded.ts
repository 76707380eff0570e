/** Values of the API that are asked for again whenever something has changed. */
import { useEffect, useRef, useState } from 'preact/hooks';

export interface Loaded<Value> {
  /** The last answer; null before the first. */
  readonly value: Value | null;
  /** Why there is no newer one. */
  readonly error: string | null;
}

/**
 * Loads a value now and at every new `version`. One request at a time: what changes meanwhile causes one more, so a
 * burst of changes costs two requests, and the last answer is never older than the last change.
 * @param path null: nothing to load
 */
export function useLoaded<Value>(
  path: string | null,
  version: number,
  load: (path: string) => Promise<Value>,
): Loaded<Value> {
  const [loaded, setLoaded] = useState<Loaded<Value> & { path: string | null }>({
    path: null,
    value: null,
    error: null,
  });
  const wanted = useRef<{ path: string | null; again: boolean; busy: boolean }>({ path, again: false, busy: false });

  // A new version is the reason to load again.
  useEffect(() => {
    const want = wanted.current;
    want.path = path;
    want.again = true;
    if (want.busy) return;
    want.busy = true;
    void (async () => {
      while (want.again) {
        want.again = false;
        const asked = want.path;
        if (asked === null) continue;
        const answer = await load(asked).then(
          (value) => ({ value, error: null }),
          (error: unknown) => ({ value: null, error: error instanceof Error ? error.message : String(error) }),
        );
        if (asked !== want.path) continue;
        // A failed look leaves what was seen before in place.
        setLoaded((before) => ({
          path: asked,
          value: answer.value ?? (before.path === asked ? before.value : null),
          error: answer.error,
        }));
      }
      want.busy = false;
    })();
  }, [path, version]);

  return loaded.path === path ? loaded : { value: null, error: null };
}
