/** Metrics in log lines: what the local CloudWatch takes for one, and that it takes nothing else. */
import { expect, test } from '@jest/globals';
import { metricRecord } from '#etcd/metrics.ts';
import { embeddedValues } from '../../../../infra/local/monitoring/embedded.ts';

const place = { cluster: 'etcd', member: 'i-1', atMs: 1_767_225_600_000 };

test('an agent’s record is one value for each metric and set of dimensions', () => {
  const line = JSON.stringify({
    time: 'now',
    event: 'metrics',
    ...metricRecord({ MemberHealthy: 1, DatabaseSize: 5 }, place),
  });
  const values = embeddedValues(line).map(({ metric, value, unit }) => [metric.name, value, unit, metric.dimensions]);
  expect(values).toEqual([
    ['MemberHealthy', 1, 'Count', { Cluster: 'etcd', Member: 'i-1' }],
    ['MemberHealthy', 1, 'Count', { Cluster: 'etcd' }],
    ['DatabaseSize', 5, 'Bytes', { Cluster: 'etcd', Member: 'i-1' }],
    ['DatabaseSize', 5, 'Bytes', { Cluster: 'etcd' }],
  ]);
  expect(new Set(embeddedValues(line).map(({ atMs }) => atMs))).toEqual(new Set([place.atMs]));
});

const about = (more: object) => ({
  _aws: {
    Timestamp: 1,
    CloudWatchMetrics: [{ Namespace: 'N', Dimensions: [['D']], Metrics: [{ Name: 'M' }], ...more }],
  },
});

test.each([
  ['a list of values', { ...about({}), D: 'd', M: [1, 2] }, [1, 2]],
  ['no value of the metric', { ...about({}), D: 'd' }, []],
  ['a text for a value', { ...about({}), D: 'd', M: '1' }, []],
  ['no value of the dimension', { ...about({}), M: 1 }, []],
  ['no namespace', { ...about({ Namespace: undefined }), D: 'd', M: 1 }, []],
  ['no time', { _aws: { CloudWatchMetrics: [] }, M: 1 }, []],
  ['nothing of the format', { event: 'etcd started' }, []],
])('a line with %s', (_, line, values) => {
  expect(embeddedValues(JSON.stringify(line)).map(({ value }) => value)).toEqual(values);
});

test.each(['', 'START RequestId: 1', '{"_aws": ', '{}'])('%j is no such line', (line) => {
  expect(embeddedValues(line)).toEqual([]);
});
