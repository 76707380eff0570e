/** Has the cluster's signer sign a client's certificate. */
import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Fault } from '#etcd/faults.ts';
import type { CertificateRefusal } from '../../agent/etcd/certificates.ts';
import type { ClientCertificateAnswer } from '../../tasks/certificates/signClient.ts';
import type { JudgedClient } from '../../tasks/plan/clientCertificate.ts';

/** Where the cluster is and who asks; what is left out is that of the environment. */
export type Caller = Pick<LambdaClientConfig, 'endpoint' | 'region' | 'credentials'>;

/**
 * @param signer name of the function
 * @throws Fault `InvalidInput` with what the signer refuses
 */
export async function askForClient(
  signer: string,
  client: Omit<JudgedClient, 'askedBy'>,
  caller: Caller = {},
): Promise<ClientCertificateAnswer> {
  const [sts, lambda] = [new STSClient(caller), new LambdaClient(caller)];
  try {
    const { Arn: askedBy = 'unknown' } = await sts.send(new GetCallerIdentityCommand({}));
    const Payload = Buffer.from(JSON.stringify({ clientCertificate: { ...client, askedBy } }));
    const answer = await lambda.send(new InvokeCommand({ FunctionName: signer, Payload }));
    const said = JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8')) as
      | ClientCertificateAnswer
      | CertificateRefusal
      | { readonly errorMessage?: string };
    if (answer.FunctionError !== undefined)
      throw new Error(`the certificate signer failed: ${'errorMessage' in said ? said.errorMessage : 'see its log'}`);
    if ('refused' in said) throw new Fault('InvalidInput', `the certificate signer refuses: ${said.why}`);
    return said as ClientCertificateAnswer;
  } finally {
    sts.destroy();
    lambda.destroy();
  }
}
