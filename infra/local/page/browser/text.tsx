import { pretty } from './words.ts';

/** A titled block of JSON or plain text; nothing where there is none. */
export function Text({ title, json }: { title: string; json: string | null }) {
  if (json === null) return null;
  return (
    <>
      <h4>{title}</h4>
      <pre>{pretty(json)}</pre>
    </>
  );
}
