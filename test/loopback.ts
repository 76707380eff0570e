/** Addresses of 127.0.0.0/8 that only this test process uses, with etcd's own ports on each. */
export function ownAddress(host: number): string {
  return `127.${1 + (process.pid % 253)}.${1 + (Math.floor(process.pid / 253) % 253)}.${200 + host}`;
}
