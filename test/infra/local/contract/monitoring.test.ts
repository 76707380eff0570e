/** CloudWatch's alarms and its logs, as far as the appliance has any. */
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Arranged, arranged } from './arranged.ts';
import { errorOf } from './target.ts';

jest.setTimeout(120_000);

describe.each(arranged)('CloudWatch of %s', (_, open) => {
  let target: Arranged;
  beforeAll(async () => {
    target = await open();
  });
  afterAll(() => target.close());

  test('knows alarms by name, without data at first', async () => {
    const cloudwatch = new CloudWatchClient(target.client);
    await target.putAlarm('quorum-lost');
    await target.putAlarm('disk-full');
    const named = async (...AlarmNames: string[]) =>
      (await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames }))).MetricAlarms ?? [];
    const AlarmArn = 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:quorum-lost';
    expect(await named('quorum-lost')).toEqual([
      expect.objectContaining({ AlarmName: 'quorum-lost', AlarmArn, StateValue: expect.any(String) }),
    ]);
    expect((await named('quorum-lost', 'disk-full')).map(({ AlarmName }) => AlarmName).toSorted()).toEqual([
      'disk-full',
      'quorum-lost',
    ]);
    expect(await named('absent')).toEqual([]);
  });

  test('keeps the lines of a log group in their order', async () => {
    const logs = new CloudWatchLogsClient(target.client);
    await target.createLog('/aws/lambda/one', ['first', 'second']);
    await target.createLog('/aws/states/two', []);
    const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/aws/lambda' }));
    const logGroupArn = 'arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/one';
    expect(logGroups).toEqual([
      expect.objectContaining({ logGroupName: '/aws/lambda/one', arn: `${logGroupArn}:*`, logGroupArn }),
    ]);
    const read = async (logGroupName: string) =>
      (await logs.send(new FilterLogEventsCommand({ logGroupName }))).events ?? [];
    const events = await read('/aws/lambda/one');
    expect(events.map(({ message, logStreamName }) => [logStreamName, message])).toEqual([
      ['stream', 'first'],
      ['stream', 'second'],
    ]);
    for (const { eventId, timestamp } of events) {
      expect(eventId).toEqual(expect.any(String));
      expect(timestamp).toEqual(expect.any(Number));
    }
    expect(await read('/aws/states/two')).toEqual([]);
    expect(await errorOf(read('absent'))).toBe('ResourceNotFoundException');
  });
});
