/** Functions of a test's home that die while they work. */
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import type { Home } from '../../infra/local/home.ts';

/** Ends the processes of functions that are in the middle of something, `count` times. */
export async function killBusyLambdas(home: Home, count: number): Promise<number> {
  const lambda = new LambdaClient({
    endpoint: home.endpoint,
    region: home.context.region,
    credentials: home.credentials,
  });
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const names = Functions.map(({ FunctionName }) => FunctionName ?? '');
  const killed = new Set<number>();
  const deadline = Date.now() + 60_000;
  while (killed.size < count && Date.now() < deadline) {
    for (const pid of names.flatMap((name) => home.services.lambda.busyPids(name))) {
      if (killed.has(pid) || killed.size >= count) continue;
      process.kill(pid, 'SIGKILL');
      killed.add(pid);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return killed.size;
}
