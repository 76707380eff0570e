/**
 * Systems Manager: parameters, command documents, Run Command to the local machines. What it does not do: other document
 * schemas and actions, targets by tag, rate control, output to S3, sessions, automation.
 */
import type { Ec2 } from '../ec2/index.ts';
import { documents } from '../wire/documents.ts';
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';
import { createCommands } from './commands.ts';
import { type CommandDocument, checkDocument } from './document.ts';
import { createParameters, type Parameters } from './parameters.ts';

export interface Ssm extends Service {
  readonly parameters: Parameters;
  createDocument(name: string, content: CommandDocument): void;
  deleteDocument(name: string): void;
}

interface StoredDocument {
  readonly name: string;
  readonly content: CommandDocument;
}

export function createSsm(context: HomeContext, { ec2 }: { readonly ec2: Ec2 }): Ssm {
  const table = documents<StoredDocument>(context.database, 'ssm_documents');
  const parameters = createParameters(context);

  function find(name: string): CommandDocument {
    const stored = table.get(name);
    if (stored === null) throw new AwsError('InvalidDocument', `Document with name ${name} does not exist.`);
    return stored.content;
  }

  return {
    name: 'ssm',
    parameters,
    createDocument(name, content) {
      checkDocument(content);
      table.put(name, { name, content });
    },
    deleteDocument: (name) => table.delete(name),
    operations: {
      ...parameters.operations,
      ...createCommands(context, ec2, find),
      GetDocument: ({ Name }: { Name: string }) => ({
        Name,
        Content: JSON.stringify(find(Name)),
        DocumentType: 'Command',
        DocumentFormat: 'JSON',
        DocumentVersion: '1',
        Status: 'Active',
      }),
    },
  };
}
