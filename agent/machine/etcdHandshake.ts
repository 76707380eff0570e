/** What the etcd at an address shows and offers in a TLS handshake right now. */
import { clientPort } from '#etcd/addresses.ts';
import type { TlsIdentity } from './http.ts';

export interface Handshake {
  /** Of its certificate: hex, upper case, as Node has it. */
  readonly serial: string | null;
  /** Whether it speaks HTTP/2 where a client asks for it, without which there is no gRPC. */
  readonly offersHttp2: boolean;
}

/** Null where no connection comes about. */
export async function handshakeWith(
  address: string,
  identity: TlsIdentity,
  timeoutMs: number,
  port = clientPort,
): Promise<Handshake | null> {
  const { connect } = await import('node:tls');
  const { certificate: cert, key, authorities: ca } = identity;
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, cert, key, ca, ALPNProtocols: ['h2', 'http/1.1'] });
    const answer = (handshake: Handshake | null) => {
      socket.destroy();
      resolve(handshake);
    };
    socket.setTimeout(timeoutMs, () => answer(null));
    socket.once('error', () => answer(null));
    socket.once('secureConnect', () =>
      answer({
        serial: socket.getPeerCertificate().serialNumber ?? null,
        offersHttp2: socket.alpnProtocol === 'h2',
      }),
    );
  });
}
