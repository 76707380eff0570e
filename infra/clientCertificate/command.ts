/** `npm run client-certificate`: a certificate for a client of a cluster, on AWS or on this machine. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { Fault } from '#etcd/faults.ts';
import { exitAfter } from '../operator/exit.ts';
import { explained, output, outputsOf } from '../operator/outputs.ts';
import { identityFiles, issueClient } from './issue.ts';
import { type ClientCertificateOptions, parseClientCertificateOptions, usage } from './options.ts';

async function main(): Promise<number> {
  const options = parseClientCertificateOptions(process.argv.slice(2));
  const { name } = options;
  if (name === null) {
    process.stdout.write(usage);
    return 0;
  }
  await issue(options, name).catch((error: Error) => {
    throw explained(error, options.of);
  });
  return 0;
}

async function issue({ of, days, out }: ClientCertificateOptions, name: string): Promise<void> {
  const { key, certificate, authorities } = identityFiles(out, name);
  // A key that is overwritten may be the only one that fits a certificate in use.
  if (existsSync(key))
    throw new Fault('InvalidInput', `--out: ${key} is there already; name another folder, or move it`);
  const outputs = await outputsOf(of);
  const { identity, serial, notAfter } = await issueClient(output(outputs, 'CertificateSigner'), { name, days });
  mkdirSync(out, { recursive: true });
  writeFileSync(key, identity.key, { mode: 0o600, flag: 'wx' });
  writeFileSync(certificate, identity.certificate);
  writeFileSync(authorities, identity.authorities);
  const domain = outputs.DiscoveryDomain ?? 'CLUSTER.ZONE';
  process.stdout.write(
    `${name}: serial ${serial}, valid until ${notAfter}\n  ${key}\n  ${certificate}\n  ${authorities}\n\n` +
      `  etcdctl --discovery-srv ${domain} --cacert ${authorities} --cert ${certificate} --key ${key} endpoint health\n`,
  );
}

exitAfter(main());
