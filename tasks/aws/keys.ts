/** Keys of KMS that sign. */
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';

const client = new KMSClient({});
const publicKeys = new Map<string, Promise<Uint8Array>>();

/** SubjectPublicKeyInfo, DER; it never changes, so it is asked for once. */
export function publicKeyOf(keyArn: string): Promise<Uint8Array> {
  const known = publicKeys.get(keyArn);
  if (known !== undefined) return known;
  const asked = client.send(new GetPublicKeyCommand({ KeyId: keyArn })).then(({ PublicKey }) => {
    if (PublicKey === undefined) throw new Error(`KMS answered without the public key of ${keyArn}`);
    return PublicKey;
  });
  publicKeys.set(keyArn, asked);
  asked.catch(() => publicKeys.delete(keyArn));
  return asked;
}

/** ECDSA with SHA-256. @param message at most 4,096 bytes (API reference: Sign) @returns DER */
export async function signWith(keyArn: string, message: Uint8Array): Promise<Uint8Array> {
  const command = new SignCommand({
    KeyId: keyArn,
    Message: message,
    MessageType: 'RAW',
    SigningAlgorithm: 'ECDSA_SHA_256',
  });
  const { Signature } = await client.send(command);
  if (Signature === undefined) throw new Error(`KMS answered without a signature by ${keyArn}`);
  return Signature;
}
