/**
 * The token that changes need. It comes in the address that npm start prints, is taken out of the address bar, and is kept for
 * this tab alone: sessionStorage belongs to one origin, port included, which a cookie does not.
 */
import { useEffect, useState } from 'preact/hooks';
import { server } from './server.ts';

/** Of this start of the server: the next one has another token. */
const key = `etcd-appliance-token ${server}`;

/** null: this tab can look, no more. */
export function token(): string | null {
  return sessionStorage.getItem(key);
}

/** Takes the token out of an address such as `#token=...`; what else is in it stays. */
export function takeToken(): void {
  const query = new URLSearchParams(location.hash.replace(/^#/, ''));
  const given = query.get('token');
  if (given === null) return;
  query.delete('token');
  sessionStorage.setItem(key, given);
  history.replaceState(null, '', query.size === 0 ? location.pathname : `#${query}`);
}

/** Whether this tab has a token; also where its address is typed into a page that is open already. */
export function useMayChange(): boolean {
  const [may, setMay] = useState(token() !== null);
  useEffect(() => {
    const look = (): void => setMay(token() !== null);
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  return may;
}
