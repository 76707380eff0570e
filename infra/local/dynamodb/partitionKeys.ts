/** The partition keys of the tables that requests name: policies are about the items that have them. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

export interface NamesTables {
  readonly TableName?: string;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
}

/** Table -> name of its partition key; missing where there is no such table. */
export type PartitionKeys = Readonly<Record<string, string | undefined>>;

interface Described {
  readonly Table?: { readonly KeySchema?: readonly { readonly AttributeName: string; readonly KeyType: string }[] };
}

const aboutTables = /^(Create|Delete|Update)Table$/;

/** @param socketPath of dynalite, which asks for a signature and does not look at it: that of the request at hand will do */
export function createPartitionKeys(socketPath: string) {
  const known = new Map<string, string>();

  async function look(table: string, headers: IncomingHttpHeaders): Promise<string | undefined> {
    const body = JSON.stringify({ TableName: table });
    const answer = await ask(socketPath, headers, body);
    const key = answer.Table?.KeySchema?.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName;
    if (key !== undefined) known.set(table, key);
    return key;
  }

  return async (operation: string, input: NamesTables, headers: IncomingHttpHeaders): Promise<PartitionKeys> => {
    if (aboutTables.test(operation)) known.clear();
    const tables = [
      ...(input.TableName === undefined ? [] : [input.TableName]),
      ...Object.keys(input.RequestItems ?? {}),
    ];
    const entries = tables.map(async (table) => [table, known.get(table) ?? (await look(table, headers))] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
}

function ask(socketPath: string, { authorization, ...headers }: IncomingHttpHeaders, body: string): Promise<Described> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      socketPath,
      method: 'POST',
      headers: {
        authorization,
        'x-amz-date': headers['x-amz-date'],
        'content-type': 'application/x-amz-json-1.0',
        'content-length': Buffer.byteLength(body),
        'x-amz-target': 'DynamoDB_20120810.DescribeTable',
      },
    });
    request.once('error', reject);
    request.once('response', (answer) => text(answer).then((said) => resolve(JSON.parse(said)), reject));
    request.end(body);
  });
}
