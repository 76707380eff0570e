import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { inodeOf, inodeOfDescriptor } from '../../../../infra/local/links/procNet.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0A01147F:094B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7001 1 0000000000000000 100 0 0 10 0
   1: 0100007F:C350 0A01147F:094B 01 00000000:00000000 02:000AFC80 00000000  1000        0 7002 2 0000000000000000 20 4 30 10 -1
   2: 0A01147F:094B 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 7003 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:C351 0A01147F:094B 06 00000000:00000000 03:000017A3 00000000     0        0 0 3 0000000000000000
`;
const etcd = { address: '127.20.1.10', port: 2379 };
const from = (port: number) => ({ local: { address: '127.0.0.1', port }, remote: etcd });

describe('the kernel’s table of connections', () => {
  test('has the inode of the socket with these ends', () => {
    expect(inodeOf(table, from(50_000))).toBe('7002');
    expect(inodeOf(table, { local: etcd, remote: { address: '127.0.0.1', port: 50_000 } })).toBe('7003');
  });

  test('has none of a socket that no process has any more, or that is not there', () => {
    expect(inodeOf(table, from(50_001))).toBeNull();
    expect(inodeOf(table, from(50_002))).toBeNull();
    expect(inodeOf('', from(50_000))).toBeNull();
  });

  test('is read as this kernel writes it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = connect(port, '127.0.0.1');
    await once(client, 'connect');
    const ends = {
      local: { address: '127.0.0.1', port: client.localPort ?? 0 },
      remote: { address: '127.0.0.1', port },
    };
    const inode = inodeOf(readFileSync('/proc/net/tcp', 'latin1'), ends);
    const own = readdirSync('/proc/self/fd').map((descriptor) => {
      try {
        return inodeOfDescriptor(readlinkSync(`/proc/self/fd/${descriptor}`));
      } catch {
        return null;
      }
    });
    expect(inode).not.toBeNull();
    expect(own).toContain(inode);
    client.destroy();
    server.close();
  });
});
