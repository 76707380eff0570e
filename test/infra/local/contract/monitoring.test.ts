/** CloudWatch's alarms and its logs, as far as the appliance has any. */
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  PutLogEventsCommand,
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

  test('takes lines into a stream that was made before', async () => {
    const logs = new CloudWatchLogsClient(target.client);
    await target.createLog('/etcd-appliance/etcd', []);
    const place = { logGroupName: '/etcd-appliance/etcd', logStreamName: 'i-1' };
    const nowMs = Date.now();
    const put = (...times: number[]) => {
      const logEvents = times.map((timestamp) => ({ timestamp, message: `at ${timestamp - nowMs}` }));
      return logs.send(new PutLogEventsCommand({ ...place, logEvents }));
    };
    expect(await errorOf(put(nowMs))).toBe('ResourceNotFoundException');
    await logs.send(new CreateLogStreamCommand(place));
    expect(await errorOf(logs.send(new CreateLogStreamCommand(place)))).toBe('ResourceAlreadyExistsException');
    expect(await errorOf(logs.send(new CreateLogStreamCommand({ ...place, logGroupName: '/absent' })))).toBe(
      'ResourceNotFoundException',
    );
    await put(nowMs, nowMs + 1);
    await put(nowMs + 2);
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: place.logGroupName }));
    expect(events.map(({ message, logStreamName }) => [logStreamName, message])).toEqual([
      ['i-1', 'at 0'],
      ['i-1', 'at 1'],
      ['i-1', 'at 2'],
    ]);
    // moto takes them in any order; AWS does not.
    if (target.home) expect(await errorOf(put(nowMs + 9, nowMs + 8))).toBe('InvalidParameterException');
  });

  test('keeps the values of metrics and tells their statistics by the minute', async () => {
    const cloudwatch = new CloudWatchClient(target.client);
    const minute = Math.floor(Date.now() / 60_000) * 60_000 - 5 * 60_000;
    const Dimensions = [
      { Name: 'Cluster', Value: 'etcd' },
      { Name: 'Member', Value: 'i-1' },
    ];
    const put = (MetricName: string, seconds: number, Value: number) => {
      const Timestamp = new Date(minute + seconds * 1000);
      const MetricData = [{ MetricName, Dimensions, Value, Unit: 'Count', Timestamp } as const];
      return cloudwatch.send(new PutMetricDataCommand({ Namespace: 'Contract', MetricData }));
    };
    for (const [seconds, value] of [
      [10, 1],
      [20, 5],
      [70, 2],
    ] as const)
      await put('Voters', seconds, value);
    await put('Learners', 10, 7);
    const span = { StartTime: new Date(minute), EndTime: new Date(minute + 180_000) };
    const metric = { Namespace: 'Contract', MetricName: 'Voters', Dimensions };
    const { Metrics = [] } = await cloudwatch.send(new ListMetricsCommand({ Namespace: 'Contract' }));
    // moto lists a metric once for each of its values.
    expect([...new Set(Metrics.map(({ MetricName }) => MetricName))].toSorted()).toEqual(['Learners', 'Voters']);
    const { Metrics: named } = await cloudwatch.send(new ListMetricsCommand(metric));
    expect(named?.[0]).toEqual(metric);

    const statistics = ['Sum', 'Maximum', 'Minimum', 'SampleCount', 'Average'] as const;
    const { Datapoints = [] } = await cloudwatch.send(
      new GetMetricStatisticsCommand({ ...metric, ...span, Period: 60, Statistics: [...statistics] }),
    );
    const inOrder = Datapoints.toSorted((a, b) => Number(a.Timestamp) - Number(b.Timestamp));
    expect(inOrder).toEqual([
      expect.objectContaining({ Sum: 6, Maximum: 5, Minimum: 1, SampleCount: 2, Average: 3, Unit: 'Count' }),
      expect.objectContaining({ Sum: 2, Maximum: 2, Minimum: 2, SampleCount: 1, Average: 2 }),
    ]);
    // moto begins a period at the first value that it has.
    if (target.home) expect(inOrder.map(({ Timestamp }) => Number(Timestamp) - minute)).toEqual([0, 60_000]);

    const stat = (Id: string, Stat: string) => ({ Id, MetricStat: { Metric: metric, Period: 60, Stat } });
    const asked = { ...span, MetricDataQueries: [stat('a', 'Sum'), stat('b', 'Maximum')] };
    const data = await cloudwatch.send(new GetMetricDataCommand({ ...asked, ScanBy: 'TimestampAscending' }));
    expect(data.MetricDataResults?.map(({ Id, Values }) => [Id, Values])).toEqual([
      ['a', [6, 2]],
      ['b', [5, 2]],
    ]);
    const newestFirst = await cloudwatch.send(new GetMetricDataCommand(asked));
    expect(newestFirst.MetricDataResults?.[0]?.Values).toEqual([2, 6]);
  });
});
