/** Instance metadata (IMDSv2): who this instance is, to which cluster it belongs, its role's credentials. */
import { agentTags } from '../protocol.ts';
import { type Clock, systemClock } from './clock.ts';
import { exchange, type HttpAnswer, type HttpRequest } from './http.ts';
import { checkedCredentials, checkedIdentity, checkedRole, checkedToken } from './metadataForms.ts';

export interface Identity {
  readonly instanceId: string;
  /** Private IPv4 address. */
  readonly address: string;
  readonly zone: string;
  readonly region: string;
  readonly cluster: string;
  /** DynamoDB table with the cluster record. */
  readonly table: string;
  /** S3 bucket with releases. */
  readonly bucket: string;
  /** ARN of the function that signs certificates. */
  readonly signerArn: string;
  /** Where the cluster record, the bucket and that function are; this instance may be in another region. */
  readonly homeRegion: string;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface Metadata {
  /** @throws Error where metadata does not answer, lacks one of the cluster's tags, or says what cannot be. */
  identity(): Promise<Identity>;
  credentials(): Promise<AwsCredentials>;
  /** What Auto Scaling wants of this instance: `InService`, `Terminated`, ...; null where it has said nothing. */
  targetLifecycleState(): Promise<string | null>;
}

const tokenSeconds = 21_600;
const timeoutMs = 2_000;
/** A busy machine may miss one: an operation must not halt for it. */
const attempts = 3;
/**
 * New credentials are there at least five minutes before the old ones expire (EC2: "Retrieve security credentials from instance
 * metadata"): asked for this often, they never do, and no clock has to be compared with their expiration.
 */
const credentialsKeptMs = 4 * 60_000;

export function createMetadata(endpoint: string, { monotonicMs }: Pick<Clock, 'monotonicMs'> = systemClock): Metadata {
  let token: { value: string; untilMs: number } | null = null;
  let credentials: { value: AwsCredentials; untilMs: number } | null = null;

  async function currentToken(): Promise<string> {
    if (token !== null && token.untilMs > monotonicMs()) return token.value;
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(tokenSeconds) };
    const { status, body } = await asked({ method: 'PUT', url: `${endpoint}/latest/api/token`, headers, timeoutMs });
    if (status !== 200) throw new Error(`instance metadata refuses a token: ${status} ${body.slice(0, 100)}`);
    token = { value: checkedToken(body), untilMs: monotonicMs() + (tokenSeconds - 60) * 1000 };
    return token.value;
  }

  async function get(path: string): Promise<string> {
    const headers = { 'x-aws-ec2-metadata-token': await currentToken() };
    const { status, body } = await asked({
      method: 'GET',
      url: `${endpoint}/latest/meta-data/${path}`,
      headers,
      timeoutMs,
    });
    if (status === 401) token = null;
    if (status !== 200) throw new Error(`instance metadata has no ${path}: ${status}`);
    return body;
  }

  return {
    async identity() {
      const tag = (name: string) => get(`tags/instance/${name}`);
      const [instanceId, address, zone, region, cluster, table, bucket, signerArn, homeRegion] = await Promise.all([
        get('instance-id'),
        get('local-ipv4'),
        get('placement/availability-zone'),
        get('placement/region'),
        tag(agentTags.cluster),
        tag(agentTags.table),
        tag(agentTags.bucket),
        tag(agentTags.certificates),
        tag(agentTags.homeRegion),
      ]);
      const place = { instanceId, address, zone, region };
      return checkedIdentity({ ...place, cluster, table, bucket, signerArn, homeRegion });
    },
    async targetLifecycleState() {
      try {
        return await get('autoscaling/target-lifecycle-state');
      } catch (error) {
        if ((error as Error).message.endsWith(': 404')) return null;
        throw error;
      }
    },
    async credentials() {
      if (credentials !== null && credentials.untilMs > monotonicMs()) return credentials.value;
      const role = checkedRole(await get('iam/security-credentials/'));
      const value = checkedCredentials(await get(`iam/security-credentials/${role}`));
      credentials = { value, untilMs: monotonicMs() + credentialsKeptMs };
      return value;
    },
  };
}

/** Again where there was no answer. @throws Error as exchange */
async function asked(request: HttpRequest): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await exchange(request);
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}
