/** The Run Command document: one parameter, checked by its pattern, handed to the agent. */
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { payloadPattern } from '../agent/protocol.ts';
import { documentName } from './names.ts';

export function createCommandDocument(scope: Construct, cluster: string): CfnDocument {
  return new CfnDocument(scope, 'AgentCommand', {
    name: documentName(cluster),
    documentType: 'Command',
    documentFormat: 'JSON',
    updateMethod: 'NewVersion',
    content: {
      schemaVersion: '2.2',
      description: 'Hands one command to the etcd agent of the instance, which answers at once with one line of JSON.',
      parameters: {
        payload: { type: 'String', description: 'Base64 of the command envelope', allowedPattern: payloadPattern },
      },
      mainSteps: [
        {
          action: 'aws:runShellScript',
          name: 'handToAgent',
          precondition: { StringEquals: ['platformType', 'Linux'] },
          // The pattern leaves nothing in the payload that a shell could act on.
          inputs: {
            timeoutSeconds: '60',
            runCommand: ['PATH=$PATH:/usr/local/bin', "etcd-agent command '{{ payload }}'"],
          },
        },
      ],
    },
  });
}
