/** Small cloud assemblies written by hand. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface HandStack {
  readonly name: string;
  /** Absent: the app leaves it to the deployment. */
  readonly region?: string;
  readonly after?: readonly string[];
  readonly terminationProtection?: boolean;
  readonly resources: Readonly<Record<string, object>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/**
 * @param folder in which the assembly gets a folder of its own
 * @param handler module of the function whose code is the asset `code`
 */
export function assemblyOf(folder: string, stacks: readonly HandStack[], handler = ''): string {
  const made = mkdtempSync(join(folder, 'assembly-'));
  const write = (name: string, content: object) => writeFileSync(join(made, name), JSON.stringify(content));
  mkdirSync(join(made, 'code'));
  writeFileSync(join(made, 'code/index.mjs'), handler);
  const file = { source: { path: 'code', packaging: 'zip' }, destinations: { here: { objectKey: 'code.zip' } } };
  write('assets.json', { files: { code: file } });
  const artifacts = stacks.map(({ name, region = 'unknown-region', after = [], resources, outputs = {}, ...more }) => {
    const described = Object.entries(outputs).map(([output, Value]) => [output, { Value }]);
    write(`${name}.json`, { Resources: resources, Outputs: Object.fromEntries(described) });
    const properties = { templateFile: `${name}.json`, stackName: name, ...more };
    const environment = `aws://unknown-account/${region}`;
    return [
      `artifact-${name}`,
      { type: 'aws:cloudformation:stack', environment, dependencies: idsOf(after), properties },
    ];
  });
  const assets = { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } };
  write('manifest.json', { artifacts: { assets, ...Object.fromEntries(artifacts) } });
  return made;
}

const idsOf = (names: readonly string[]) => ['assets', ...names.map((name) => `artifact-${name}`)];

/** A custom resource and the function that answers for it, which runs `handler`. */
export function customResource(name: string, properties: object = {}, more: object = {}): Record<string, object> {
  const policy = { Effect: 'Allow', Action: 'logs:*', Resource: '*' };
  return {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: { Policies: [{ PolicyName: 'logs', PolicyDocument: { Statement: [policy] } }] },
    },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { S3Bucket: 'assets', S3Key: 'code.zip' },
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      },
    },
    [name]: {
      Type: `Custom::${name}`,
      Properties: { ServiceToken: { 'Fn::GetAtt': ['Function', 'Arn'] }, ...properties },
      ...more,
    },
  };
}

/** Answers with SUCCESS, or, to the kinds of requests that the property `Refuses` names, with FAILED. Calls `before` first. */
export const answering = (before = '') => `
import * as fs from 'node:fs';
export const handler = async (event) => {
  ${before}
  const refused = (event.ResourceProperties.Refuses ?? '').split(',').includes(event.RequestType);
  const body = JSON.stringify({
    Status: refused ? 'FAILED' : 'SUCCESS',
    Reason: refused ? 'it is needed' : undefined,
    PhysicalResourceId: event.LogicalResourceId,
    Data: { Region: process.env.AWS_REGION },
  });
  await fetch(event.ResponseURL, { method: 'PUT', body });
};
`;
