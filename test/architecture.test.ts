/** The layout's rules: who may import whom, how long a file may be, what it may not be called, what it may not name. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const project = join(import.meta.dirname, '..');
const code = ['agent', 'tasks', 'workflows', 'infra', 'test'].flatMap((folder) =>
  readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file}`)
    .filter((file) => /\.(ts|tsx|mjs)$/.test(file)),
);
const textOf = (file: string) => readFileSync(join(project, file), 'utf8');

interface Rule {
  readonly who: RegExp;
  /** What it may import: paths from the project's folder, `node:...`, or package names. */
  readonly may: RegExp;
}

const pure = 'agent/etcd/';
const within = (...parts: string[]) => new RegExp(`^(${parts.join('|')})`);
/** First match counts. */
const rules: readonly Rule[] = [
  { who: /^agent\/etcd\//, may: within(pure) },
  { who: /^agent\/protocol/, may: within(pure, 'agent/protocol') },
  {
    who: /^agent\/machine\//,
    may: within(pure, 'agent/machine/', 'agent/protocol', 'node:', 'aws4$', 'sax$', 'valibot$'),
  },
  { who: /^agent\//, may: within('agent/', 'node:', 'valibot$') },
  { who: /^tasks\/plan\//, may: within(pure, 'tasks/plan/', 'tasks/catalogue', 'agent/protocol') },
  {
    who: /^tasks\/aws\//,
    may: within(pure, 'tasks/aws/', 'tasks/plan/', 'agent/protocol', '@aws-sdk/', 'node:https$'),
  },
  { who: /^tasks\/catalogue/, may: within(pure, 'agent/protocol', 'tasks/catalogue/') },
  {
    who: /^tasks\/certificates\//,
    may: within(pure, 'tasks/', 'agent/protocol', 'node:', '@peculiar/x509$', 'reflect-metadata$'),
  },
  { who: /^tasks\//, may: within(pure, 'tasks/', 'agent/protocol', 'node:') },
  { who: /^workflows\//, may: within(pure, 'workflows/', 'tasks/catalogue', 'aws-cdk-lib', 'constructs') },
  { who: /^infra\/(?!local\/)/, may: /^(?!infra\/local\/|test\/)/ },
  { who: /^infra\/local\//, may: /^(?!test\/)/ },
];
/** Where types alone may come from: decisions take and give what the adapters and the catalogue declare. */
const typesOnly: readonly (readonly [who: RegExp, from: RegExp])[] = [
  [/^tasks\/plan\//, /^(tasks\/catalogue|agent\/protocol)/],
  [/^tasks\/aws\//, /^tasks\/plan\//],
];

interface Import {
  readonly file: string;
  readonly from: string;
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const found = textOf(file).matchAll(
    /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)';?$|import\('([^']+)'\)/gm,
  );
  return [...found].map(([, type, from = '', dynamic = '']) => ({
    file,
    from: resolved(file, from || dynamic),
    typeOnly: type !== undefined,
  }));
}

function resolved(file: string, from: string): string {
  if (from.startsWith('#etcd/')) return from.replace('#etcd/', pure);
  return from.startsWith('.') ? normalize(join(dirname(file), from)) : from;
}

const imports = code.flatMap(importsOf);

describe('imports', () => {
  test('are found at all', () => expect(imports.length).toBeGreaterThan(500));

  test('run the way calls run', () => {
    const wrong = imports.filter(({ file, from }) => {
      const rule = rules.find(({ who }) => who.test(file));
      return rule !== undefined && !rule.may.test(from);
    });
    expect(wrong.map(({ file, from }) => `${file} imports ${from}`)).toEqual([]);
  });

  test('of decisions and adapters are types alone', () => {
    const wrong = imports.filter(
      ({ file, from, typeOnly }) => !typeOnly && typesOnly.some(([who, what]) => who.test(file) && what.test(from)),
    );
    expect(wrong.map(({ file, from }) => `${file} imports ${from}`)).toEqual([]);
  });

  test('of the SDK are in tasks/aws, and where the product is used from outside', () => {
    const wrong = imports.filter(
      ({ file, from }) =>
        from.startsWith('@aws-sdk/') &&
        !/^(tasks\/aws|infra\/(local|operator|executions|status|upgrade|clientCertificate)|test)\//.test(file),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the pure core', () => {
  test.each(code.filter((file) => /^(agent\/etcd|tasks\/plan)\//.test(file)))(
    '%s has no clock, chance or input',
    (file) => {
      const statements = textOf(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      expect(statements).not.toMatch(/Date\.now|new Date\(\)|Math\.random|process\.|\bfetch\(|setTimeout|console\./);
    },
  );
});

describe('files', () => {
  test('are small', () => {
    const long = code
      .map((file) => [file, textOf(file).split('\n').length] as const)
      .filter(([, lines]) => lines > 300);
    expect(long.filter(([file]) => !file.startsWith('test/'))).toEqual([]);
    const most = code.filter((file) => !file.startsWith('test/') && textOf(file).split('\n').length > 150);
    expect(most.length).toBeLessThan(code.length / 5);
  });

  test('have names that say what is in them', () => {
    expect(code.filter((file) => /util|helper|manager|misc|common/i.test(file))).toEqual([]);
  });

  test('name no machine of ours', () => {
    const named = [
      ...code,
      'README.md',
      'package.json',
      'docs/decisions.md',
      'docs/runbook.md',
      'docs/benchmarks.md',
    ].filter((file) => new RegExp(['/wor\u006b/', '\\s/hom\u0065/[a-z]'].join('|')).test(textOf(file)));
    expect(named).toEqual([]);
  });
});

describe('the project', () => {
  const { dependencies, devDependencies } = JSON.parse(textOf('package.json')) as Record<
    string,
    Record<string, string>
  >;
  test('pins every version', () => {
    for (const version of Object.values({ ...dependencies, ...devDependencies }))
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('has the top level of the design', () => {
    const folders = readdirSync(project, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !entry.name.startsWith('.'),
    );
    const made = ['node_modules', 'test-output', 'cdk.out'];
    expect(
      folders
        .map(({ name }) => name)
        .filter((name) => !made.includes(name))
        .sort(),
    ).toEqual(['agent', 'docs', 'infra', 'tasks', 'test', 'workflows']);
  });
});
