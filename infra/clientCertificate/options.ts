/** The options of `npm run client-certificate`, checked before anything is asked: as the signer itself would check them. */
import { parseArgs } from 'node:util';
import { Fault } from '#etcd/faults.ts';
import { clientDaysRefusal, clientNameRefusal, longestClientDays } from '../../tasks/plan/clientCertificate.ts';
import { type Place, placeOf, placeOptions, placeUsage } from '../operator/place.ts';

export interface ClientCertificateOptions {
  readonly of: Place;
  /** Null: the usage is asked for. */
  readonly name: string | null;
  readonly days: number;
  /** Folder. */
  readonly out: string;
}

const defaultDays = 30;

export const usage = `Usage: npm run client-certificate -- --name NAME [options]

Makes a key on this machine and has the cluster's certificate authority sign a certificate for it, with which a client may speak
to etcd. Where etcd has users (etcdctl user add NAME --no-password), the certificate's name is the user's.
Every certificate is in the audit trail. None can be taken back before its end.

  --name NAME       who the client is: up to 64 letters, digits, dots, dashes and underscores
  --days N          how long it is valid, 1 to ${longestClientDays}   (${defaultDays})
  --out DIR         where NAME.key, NAME.crt and ca.crt are written   (.)
${placeUsage}
  --help            this text
`;

/** @throws Fault `InvalidInput`, naming the option and what is allowed */
export function parseClientCertificateOptions(args: readonly string[]): ClientCertificateOptions {
  const values = parse(args);
  const { name, days = String(defaultDays), out = '.' } = values;
  if (values.help) return { of: placeOf(values), name: null, days: defaultDays, out };
  if (name === undefined) throw refusal('--name is missing; it says who the client is');
  const wrongName = clientNameRefusal(name);
  if (wrongName !== null) throw refusal(`--name ${wrongName}`);
  const wrongDays = clientDaysRefusal(/^\d+$/.test(days) ? Number(days) : days);
  if (wrongDays !== null) throw refusal(`--days ${wrongDays}`);
  if (out === '') throw refusal('--out is empty; it names a folder');
  return { of: placeOf(values), name, days: Number(days), out };
}

function parse(args: readonly string[]) {
  try {
    const own = { name: { type: 'string' }, days: { type: 'string' }, out: { type: 'string' } } as const;
    return parseArgs({
      args: [...args],
      options: { ...placeOptions, ...own, help: { type: 'boolean', short: 'h' } },
    }).values;
  } catch (error) {
    throw refusal(`${(error as Error).message}; 'npm run client-certificate -- --help' lists the options`);
  }
}

function refusal(message: string): Fault {
  return new Fault('InvalidInput', message);
}
