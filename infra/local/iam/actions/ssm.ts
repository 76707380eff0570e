/** AWS Systems Manager (Service Authorization Reference: list_awssystemsmanager). */
import { arnIn, type Facts, tagContext } from '../facts.ts';
import { on, onAnything, onResource, type Row } from './row.ts';

interface SendCommand {
  readonly DocumentName?: string;
  readonly InstanceIds?: readonly string[];
}

const documentArn = (facts: Facts, name: string) => arnIn(facts, 'ssm', `document/${name}`);
/** The slash that a name begins with is not doubled. */
const parameterArn = (facts: Facts, name: string) => arnIn(facts, 'ssm', `parameter/${name.replace(/^\//, '')}`);

export const ssmActions: Readonly<Record<string, Row>> = {
  ...onAnything('ssm', 'DescribeInstanceInformation', 'GetCommandInvocation', 'ListCommandInvocations'),
  /** The document and each instance, with `ssm:resourceTag/KEY` and `aws:ResourceTag/KEY` of the instance. */
  SendCommand: ({ DocumentName = '', InstanceIds = [] }: SendCommand, facts) => [
    on('ssm:SendCommand', documentArn(facts, DocumentName)),
    ...InstanceIds.map((id) =>
      on(
        'ssm:SendCommand',
        arnIn(facts, 'ec2', `instance/${id}`),
        tagContext(facts.instanceTags(id), 'ssm:resourceTag'),
      ),
    ),
  ],
  ...onResource('ssm', ({ Name = '' }: { Name?: string }, facts) => documentArn(facts, Name), 'GetDocument'),
  ...onResource(
    'ssm',
    ({ Name = '' }: { Name?: string }, facts) => parameterArn(facts, Name),
    'DeleteParameter',
    'GetParameter',
    'PutParameter',
  ),
  ...onResource('ssm', ({ Path = '' }: { Path?: string }, facts) => parameterArn(facts, Path), 'GetParametersByPath'),
  GetParameters: ({ Names = [] }: { Names?: readonly string[] }, facts) =>
    Names.map((name) => on('ssm:GetParameters', parameterArn(facts, name))),
};
