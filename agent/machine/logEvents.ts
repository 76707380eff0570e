/** A log group of CloudWatch Logs, written to without an agent of Amazon's on the instance. */
import { type Aws, AwsCallError } from './aws.ts';

export interface LogEvent {
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly message: string;
}

/** @param stream made where it is missing */
export async function putLogEvents(
  aws: Aws,
  group: string,
  stream: string,
  events: readonly LogEvent[],
): Promise<void> {
  const place = { logGroupName: group, logStreamName: stream };
  const put = () =>
    aws.call('logs', 'Logs_20140328.PutLogEvents', {
      ...place,
      // In the order of their time, or AWS refuses all of them.
      logEvents: [...events].sort((a, b) => a.atMs - b.atMs).map(({ atMs, message }) => ({ timestamp: atMs, message })),
    });
  try {
    await put();
  } catch (error) {
    if (!(error instanceof AwsCallError) || error.code !== 'ResourceNotFoundException') throw error;
    await aws.call('logs', 'Logs_20140328.CreateLogStream', place).catch((refusal: unknown) => {
      if (!(refusal instanceof AwsCallError) || refusal.code !== 'ResourceAlreadyExistsException') throw refusal;
    });
    await put();
  }
}
