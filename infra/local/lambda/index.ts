/**
 * Lambda: the assembly's bundles, each in Node processes of its own, with Lambda's environment variables, time-outs and
 * error shape. What it does not do: versions and aliases, layers, concurrency limits, event sources, memory limits other
 * than the heap's, runtimes other than Node.
 */
import { roleNameOf, sessionArn } from '../iam/access.ts';
import type { Callers } from '../wire/callers.ts';
import { documents } from '../wire/documents.ts';
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';
import { type Environment, type FunctionConfiguration, startEnvironment } from './environment.ts';
import { createUrlStore } from './urlStore.ts';

export interface InvokeResult {
  readonly statusCode: number;
  /** Parsed JSON. */
  readonly payload: unknown;
  readonly functionError?: string;
  readonly executedVersion?: string;
}

export interface Lambda extends Service {
  createFunction(configuration: Omit<FunctionConfiguration, 'arn' | 'modified'>): FunctionConfiguration;
  deleteFunction(name: string): void;
  /** @throws AwsError `ResourceNotFoundException` */
  invoke(nameOrArn: string, event: unknown): Promise<InvokeResult>;
  /** Pids of the environments of a function that are in the middle of an invocation. */
  busyPids(name: string): readonly number[];
  stop(): void;
}

export interface LambdaOptions {
  readonly callers: Callers;
  readonly writeLog: (group: string, stream: string, line: string) => void;
  /** Whether a function's role may write to its log; where it may not, its lines are lost, as on AWS. */
  readonly mayLog: (call: LogCall) => boolean;
}

export interface LogCall {
  /** ARN of the function's role session. */
  readonly arn: string;
  readonly operation: 'CreateLogStream' | 'PutLogEvents';
  readonly group: string;
  readonly stream: string;
}

/** Environments that nobody uses are ended after this long. */
const idleMs = 60_000;

export function createLambda(context: HomeContext, { callers, writeLog, mayLog }: LambdaOptions): Lambda {
  const functions = documents<FunctionConfiguration>(context.database, 'lambda_functions');
  const urls = createUrlStore(context);
  const pools = new Map<string, Environment[]>();
  /** Functions whose lines are kept. */
  const mayPut = new Set<string>();
  const sweep = setInterval(() => sweepIdle(pools), 5_000).unref();

  function find(nameOrArn: string): FunctionConfiguration {
    const [, region = context.region, named] = /^arn:aws:lambda:([\w-]+):\d+:function:([\w-]+)/.exec(nameOrArn) ?? [];
    if (region !== context.region) {
      const message = `Functions from '${region}' are not reachable in this region ('${context.region}')`;
      throw new AwsError('ResourceNotFoundException', message, 404);
    }
    const name = named ?? nameOrArn;
    const found = functions.get(name);
    if (found === null) {
      const arn = `arn:aws:lambda:${context.region}:${context.account}:function:${name}`;
      throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
    }
    return found;
  }

  function environmentFor(configuration: FunctionConfiguration): Environment {
    const pool = (pools.get(configuration.name) ?? []).filter(({ alive }) => alive);
    const free = pool.find(({ busy }) => !busy);
    if (free !== undefined) return free;
    const { logGroup: group, name: stream } = configuration;
    const hasStream = mayLog({ arn: sessionOf(context, configuration), operation: 'CreateLogStream', group, stream });
    const started = startEnvironment(configuration, variablesOf(context, configuration, callers), (line) => {
      if (context.database.isOpen && hasStream && mayPut.has(configuration.name)) writeLog(group, stream, line);
    });
    pools.set(configuration.name, [...pool, started]);
    return started;
  }

  async function invoke(nameOrArn: string, event: unknown): Promise<InvokeResult> {
    const configuration = find(nameOrArn);
    const { logGroup: group, name: stream } = configuration;
    const log = { arn: sessionOf(context, configuration), operation: 'PutLogEvents', group, stream } as const;
    // On AWS each invocation has lines of Lambda's own, so it is asked for also where the function says nothing.
    if (mayLog(log)) mayPut.add(configuration.name);
    else mayPut.delete(configuration.name);
    const { payload, functionError } = await environmentFor(configuration).invoke(event);
    return {
      statusCode: 200,
      payload: JSON.parse(payload),
      executedVersion: '$LATEST',
      ...(functionError !== undefined && { functionError }),
    };
  }

  return {
    name: 'lambda',
    invoke,
    createFunction(given) {
      const arn = `arn:aws:lambda:${context.region}:${context.account}:function:${given.name}`;
      const configuration = { ...given, arn, modified: new Date().toISOString() };
      functions.put(given.name, configuration);
      closeAll(pools, given.name);
      return configuration;
    },
    deleteFunction(name) {
      functions.delete(name);
      closeAll(pools, name);
    },
    busyPids: (name) =>
      (pools.get(name) ?? []).flatMap(({ busy, alive, pid }) => (busy && alive && pid !== undefined ? [pid] : [])),
    stop() {
      clearInterval(sweep);
      for (const name of pools.keys()) closeAll(pools, name);
    },
    operations: {
      Invoke: async (input: { FunctionName: string; Payload?: Uint8Array; InvocationType?: string }) => {
        const event = input.Payload === undefined ? {} : JSON.parse(Buffer.from(input.Payload).toString('utf8'));
        if (input.InvocationType === 'DryRun') return { StatusCode: 204 };
        if (input.InvocationType === 'Event') {
          find(input.FunctionName);
          void invoke(input.FunctionName, event).catch((error: Error) => context.log(`lambda: ${error.message}`));
          return { StatusCode: 202 };
        }
        const result = await invoke(input.FunctionName, event);
        return {
          StatusCode: result.statusCode,
          Payload: Buffer.from(JSON.stringify(result.payload)),
          ExecutedVersion: result.executedVersion,
          FunctionError: result.functionError,
        };
      },
      GetFunction: ({ FunctionName }: { FunctionName: string }) => ({ Configuration: toApi(find(FunctionName)) }),
      GetFunctionConfiguration: ({ FunctionName }: { FunctionName: string }) => toApi(find(FunctionName)),
      GetFunctionUrlConfig({ FunctionName }: { FunctionName: string }) {
        const { arn, modified } = find(FunctionName);
        const url = urls.of(arn);
        if (url === null)
          throw new AwsError('ResourceNotFoundException', 'The resource you requested does not exist.', 404);
        const CreationTime = url.createdAt ?? modified;
        return {
          FunctionUrl: urls.urlOf(url),
          FunctionArn: arn,
          AuthType: 'AWS_IAM',
          CreationTime,
          LastModifiedTime: CreationTime,
          InvokeMode: 'BUFFERED',
        };
      },
      ListFunctions: () => ({ Functions: functions.all().map(toApi) }),
    },
  };
}

/** As Lambda names the session of a function's role. */
function sessionOf({ account }: HomeContext, { roleArn, name }: FunctionConfiguration): string {
  return sessionArn(account, roleNameOf(roleArn), name);
}

function variablesOf(
  context: HomeContext,
  configuration: FunctionConfiguration,
  callers: Callers,
): Record<string, string> {
  const credentials = callers.credentialsOf(sessionOf(context, configuration));
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    AWS_LAMBDA_FUNCTION_NAME: configuration.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(configuration.memoryMiB),
    AWS_LAMBDA_LOG_GROUP_NAME: configuration.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: configuration.name,
    AWS_EXECUTION_ENV: `AWS_Lambda_${configuration.runtime}`,
    AWS_REGION: context.region,
    AWS_DEFAULT_REGION: context.region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken ?? '',
    AWS_ENDPOINT_URL: context.endpoint,
    LAMBDA_TASK_ROOT: configuration.code,
    _HANDLER: configuration.handler,
    ...configuration.variables,
  };
}

function toApi(configuration: FunctionConfiguration) {
  return {
    FunctionName: configuration.name,
    FunctionArn: configuration.arn,
    Runtime: configuration.runtime,
    Role: configuration.roleArn,
    Handler: configuration.handler,
    Timeout: configuration.timeoutSeconds,
    MemorySize: configuration.memoryMiB,
    LastModified: configuration.modified,
    State: 'Active',
    Version: '$LATEST',
    PackageType: 'Zip',
    Environment: { Variables: configuration.variables },
  };
}

function closeAll(pools: Map<string, Environment[]>, name: string): void {
  for (const environment of pools.get(name) ?? []) environment.close();
  pools.delete(name);
}

function sweepIdle(pools: Map<string, Environment[]>): void {
  for (const [name, pool] of pools) {
    const kept = pool.filter((environment) => {
      const stale = !environment.busy && Date.now() - environment.idleSinceMs > idleMs;
      if (stale) environment.close();
      return environment.alive && !stale;
    });
    pools.set(name, kept);
  }
}
