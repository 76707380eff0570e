/** What `npm start` keeps in the data folder, for the commands that an operator runs beside it. */
import { dnsEndpoint, writeEndpoints } from '../../infra/local/start/endpoints.ts';
import type { TestCluster } from './cluster.ts';

export function keepEndpoints({ home, folder, outputs }: TestCluster): void {
  const { accessKeyId, secretAccessKey } = home.credentials;
  writeEndpoints(folder, {
    page: '',
    awsEndpoint: home.endpoint,
    region: home.context.region,
    credentials: { accessKeyId, secretAccessKey },
    stateMachineArn: outputs.ClusterBootstrapArn ?? '',
    members: [],
    dns: dnsEndpoint(home.services.dns, outputs),
    outputs,
  });
}
