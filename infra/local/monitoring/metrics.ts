/** CloudWatch's metrics as far as they are used: put, listed, read back by period. No expressions, no percentiles. */
import { AwsError, type Operation } from '../wire/service.ts';
import type { Datapoint, Dimensions, MetricId, MetricStore, Statistic } from './metricStore.ts';

interface Dimension {
  readonly Name?: string;
  readonly Value?: string;
}
interface Query {
  readonly Id?: string;
  readonly Label?: string;
  readonly Expression?: string;
  readonly ReturnData?: boolean;
  readonly MetricStat?: {
    readonly Metric?: { readonly Namespace?: string; readonly MetricName?: string; readonly Dimensions?: Dimension[] };
    readonly Period?: number;
    readonly Stat?: string;
  };
}
interface Span {
  readonly StartTime: Date;
  readonly EndTime: Date;
}

const statistics: readonly Statistic[] = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'];

export function metricOperations(store: MetricStore): Readonly<Record<string, Operation>> {
  return {
    PutMetricData({ Namespace = '', MetricData = [] }: { Namespace?: string; MetricData?: Put[] }) {
      for (const { MetricName: name = '', Dimensions, Value, Unit = 'None', Timestamp } of MetricData) {
        if (Value === undefined) throw invalid(`this home takes single values alone; ${name} has none`);
        const metric = { namespace: Namespace, name, dimensions: dimensionsOf(Dimensions) };
        store.put(metric, Value, Unit, (Timestamp ?? new Date()).getTime());
      }
      return {};
    },
    ListMetrics({ Namespace, MetricName, Dimensions: wanted = [] }: ListMetrics) {
      const found = store.list().filter(({ namespace, name, dimensions }) => {
        if ((Namespace ?? namespace) !== namespace || (MetricName ?? name) !== name) return false;
        return wanted.every(
          ({ Name = '', Value }) => Name in dimensions && (Value ?? dimensions[Name]) === dimensions[Name],
        );
      });
      return { Metrics: found.map(metricOf) };
    },
    GetMetricStatistics(input: Span & GetMetricStatistics) {
      const {
        Namespace = '',
        MetricName: name = '',
        Dimensions,
        Period = 60,
        Statistics = [],
        StartTime,
        EndTime,
      } = input;
      const asked = Statistics.map(statisticOf);
      const metric = { namespace: Namespace, name, dimensions: dimensionsOf(Dimensions) };
      const points = pointsOf(store, metric, Period, { StartTime, EndTime });
      return {
        Label: name,
        Datapoints: points.map((point) => ({
          Timestamp: new Date(point.atMs),
          Unit: point.unit,
          ...Object.fromEntries(asked.map((statistic) => [statistic, point[statistic]])),
        })),
      };
    },
    GetMetricData({ MetricDataQueries = [], ScanBy, StartTime, EndTime }: Span & GetMetricData) {
      const results = MetricDataQueries.filter(({ ReturnData = true }) => ReturnData).map((query) => {
        const { Metric, Period = 60, Stat = '' } = query.MetricStat ?? {};
        if (Metric === undefined) throw invalid(`this home evaluates no expressions; ${query.Id} is one`);
        const statistic = statisticOf(Stat);
        const { Namespace: namespace = '', MetricName: name = '', Dimensions } = Metric;
        const metric = { namespace, name, dimensions: dimensionsOf(Dimensions) };
        const found = pointsOf(store, metric, Period, { StartTime, EndTime });
        const points = ScanBy === 'TimestampAscending' ? found : found.toReversed();
        return {
          Id: query.Id,
          Label: query.Label ?? name,
          Timestamps: points.map(({ atMs }) => new Date(atMs)),
          Values: points.map((point) => point[statistic]),
          StatusCode: 'Complete',
        };
      });
      return { MetricDataResults: results, Messages: [] };
    },
  };
}

interface Put {
  readonly MetricName?: string;
  readonly Dimensions?: readonly Dimension[];
  readonly Value?: number;
  readonly Unit?: string;
  readonly Timestamp?: Date;
}
interface ListMetrics {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly Dimension[];
}
interface GetMetricStatistics extends ListMetrics {
  readonly Period?: number;
  readonly Statistics?: readonly string[];
}
interface GetMetricData {
  readonly MetricDataQueries?: readonly Query[];
  readonly ScanBy?: string;
}

/** Whole minutes, as AWS rounds the beginning of a span. */
function pointsOf(
  store: MetricStore,
  metric: MetricId,
  period: number,
  { StartTime, EndTime }: Span,
): readonly Datapoint[] {
  if (!Number.isInteger(period) || period < 60 || period % 60 !== 0)
    throw invalid(`a period is a multiple of 60 seconds, not ${period}`);
  const from = StartTime.getTime();
  return store.statistics(metric, from - (from % 60_000), EndTime.getTime(), period * 1000);
}

function statisticOf(text: string): Statistic {
  const statistic = statistics.find((one) => one === text);
  if (statistic === undefined) throw invalid(`'${text}' is no statistic of this home; it has ${statistics.join(', ')}`);
  return statistic;
}

function dimensionsOf(dimensions: readonly Dimension[] = []): Dimensions {
  return Object.fromEntries(dimensions.map(({ Name = '', Value = '' }) => [Name, Value]));
}

function metricOf({ namespace, name, dimensions }: MetricId) {
  const list = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  return { Namespace: namespace, MetricName: name, Dimensions: list };
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message);
}
