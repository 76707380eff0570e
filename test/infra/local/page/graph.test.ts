import { describe, expect, test } from '@jest/globals';
import { elementId, graphOf, ruleLabel } from '../../../../infra/local/page/graph.ts';
import { svgOf } from '../../../../infra/local/page/svg.ts';
import { definition } from './rehearsal.ts';

const pass = { Type: 'Pass', End: true } as const;

/** `a -> b [class]` of every edge, in short. */
function edges(dot: string): string[] {
  const found = dot.matchAll(/"((?:[^"\\]|\\.)*)" -> "((?:[^"\\]|\\.)*)" \[(.*)\];/g);
  const short = (name = ''): string => name.replace(/^state:/, '');
  return [...found].map(([, from, to, rest = '']) => {
    const label = /label="\s*(.*?)\s*"/.exec(rest)?.[1];
    const how = rest.includes('style=dashed') ? '~>' : '->';
    return `${short(from)} ${how} ${short(to)}${label ? `: ${label}` : ''}`;
  });
}

describe('graphOf', () => {
  test('leads from Start through every transition to End', () => {
    expect(edges(graphOf(definition))).toEqual([
      'Start -> Read the cluster record',
      'Read the cluster record -> Already created?',
      'Read the cluster record ~> Bootstrap failed: any error',
      'Already created? -> Cluster created: yes',
      'Already created? -> Wait until the instances are in service: otherwise',
      'Wait until the instances are in service -> Each member',
      'Wait until the instances are in service ~> Bootstrap failed: InstancesNotInService',
      'Each member -> Wait until the member is healthy',
      'Wait until the member is healthy -> exit:0',
      'exit:0 -> Mark the cluster created',
      'Each member ~> Bootstrap failed: any error',
      'Mark the cluster created -> Cluster created',
      'Cluster created -> End',
    ]);
  });

  test('draws a Choice as a diamond and a Fail as an octagon', () => {
    const dot = graphOf(definition);
    expect(dot).toMatch(/"state:Already created\?" \[.*shape=diamond/);
    expect(dot).toMatch(/"state:Bootstrap failed" \[.*shape=octagon/);
    expect(dot).toMatch(/"state:Each member" \[.*class="state kind-map"/);
  });

  test('frames a Map, and each branch of a Parallel', () => {
    const dot = graphOf({
      StartAt: 'Both',
      States: {
        Both: {
          Type: 'Parallel',
          End: true,
          Branches: [
            { StartAt: 'Left', States: { Left: pass } },
            {
              StartAt: 'Right',
              States: { Right: { Type: 'Map', End: true, Iterator: { StartAt: 'Each', States: { Each: pass } } } },
            },
          ],
        },
      },
    });
    expect(dot.match(/subgraph \S+/g)).toEqual([
      'subgraph cluster_0',
      'subgraph cluster_0_0',
      'subgraph cluster_0_1',
      'subgraph cluster_1',
    ]);
    expect(edges(dot)).toEqual([
      'Start -> Both',
      'Both -> Left',
      'Left -> exit:0',
      'Both -> Right',
      'Right -> Each',
      'Each -> exit:1',
      'exit:1 -> exit:0',
      'exit:0 -> End',
    ]);
  });

  test('joins several edges to one state', () => {
    const dot = graphOf({
      StartAt: 'Ask',
      States: {
        Ask: {
          Type: 'Choice',
          Choices: [
            { Variable: '$.a', StringEquals: 'x', Next: 'Done' },
            { Variable: '$.a', StringEquals: 'y', Next: 'Done' },
          ],
          Default: 'Ask',
        },
        Done: { Type: 'Succeed' },
      },
    });
    expect(edges(dot)).toEqual(['Start -> Ask', 'Ask -> Done: x, y', 'Ask -> Ask: otherwise', 'Done -> End']);
  });

  test.each(['Say "yes"', 'a\\N\\G', 'R&D &lt; <b>', "it's 100 %", 'ñ ✓', 'Start', 'two\nlines', '</title><script>'])(
    'keeps the name %j as it is',
    async (name) => {
      const svg = await svgOf(graphOf({ StartAt: name, States: { [name]: pass } }));
      const id = /<g id="(state:[^"]*)" class="node state/.exec(svg.replaceAll('&#45;', '-'))?.[1] ?? '';
      expect(id.replaceAll('&#39;', "'")).toBe(elementId(name));
      expect(decodeURIComponent(elementId(name).slice('state:'.length))).toBe(name);
      const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => plain(text ?? ''));
      expect(texts.filter((text) => text !== 'Start' && text !== 'End').join(' ')).toBe(
        name === 'Start' ? '' : name.replace('\n', ' '),
      );
      expect(svg).not.toContain('<script');
    },
  );
});

describe('ruleLabel', () => {
  test.each([
    [{ Variable: '$.a', BooleanEquals: true, Next: 'x' }, 'yes'],
    [{ Variable: '$.a', BooleanEquals: false, Next: 'x' }, 'no'],
    [{ Variable: '$.a', StringEquals: 'healthy', Next: 'x' }, 'healthy'],
    [{ Variable: '$.a', StringEqualsPath: '$.b', Next: 'x' }, '$.b'],
    [{ Variable: '$.a', NumericGreaterThan: 3, Next: 'x' }, '> 3'],
    [{ Variable: '$.a', NumericLessThanEquals: 3, Next: 'x' }, '≤ 3'],
    [{ Variable: '$.a', NumericGreaterThanEqualsPath: '$.n', Next: 'x' }, '≥ $.n'],
    [{ Variable: '$.a', StringMatches: '3.*', Next: 'x' }, 'like 3.*'],
    [{ Variable: '$.a', IsPresent: true, Next: 'x' }, 'present'],
    [{ Variable: '$.a', IsNull: false, Next: 'x' }, 'not null'],
    [{ Not: { Variable: '$.a', StringEquals: 'b' }, Next: 'x' }, 'not b'],
    [
      {
        And: [
          { Variable: '$.a', IsPresent: true },
          { Variable: '$.a', BooleanEquals: true },
        ],
        Next: 'x',
      },
      'present and yes',
    ],
    [
      {
        Or: [
          { Variable: '$.a', StringEquals: 'b' },
          { Variable: '$.a', StringEquals: 'c' },
        ],
        Next: 'x',
      },
      'b or c',
    ],
    [{ Variable: '$.a', StringEquals: 'x'.repeat(60), Next: 'x' }, `${'x'.repeat(39)}…`],
    [{ Next: 'x' }, ''],
  ])('%j says %j', (rule, label) => {
    expect(ruleLabel(rule)).toBe(label);
  });
});

function plain(text: string): string {
  return text
    .replaceAll('&#45;', '-')
    .replaceAll('&#39;', "'")
    .replaceAll('&#160;', ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
