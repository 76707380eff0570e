/** How long the etcd at an address has been running, by its own clock: its metrics and the date of its answer. */
import { exchangeWithEtcd } from './etcdHttp.ts';

/** Seconds; null where it does not say. From 2.1 on (the Go client's process collector). */
export async function etcdUptimeSeconds(address: string, timeoutMs: number): Promise<number | null> {
  try {
    const { body, headers } = await exchangeWithEtcd({ address, method: 'GET', path: '/metrics', timeoutMs });
    const startedAt = Number(/^process_start_time_seconds (\S+)$/m.exec(body)?.[1]);
    const now = Date.parse(String(headers.date)) / 1000;
    const uptime = now - startedAt;
    return Number.isFinite(uptime) ? uptime : null;
  } catch {
    return null;
  }
}
