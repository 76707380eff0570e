/** Parameter Store: String, StringList and SecureString (kept as they are), with versions. */
import { type Documents, documents } from '../wire/documents.ts';
import { AwsError, type HomeContext, type Operation } from '../wire/service.ts';

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly version: number;
  /** ISO 8601 */
  readonly modified: string;
}

/** Public parameters that AWS publishes: the images that launch templates name. */
const publicImage = /^\/aws\/service\/ami-amazon-linux-latest\/al2023-ami-[a-z0-9.-]+-(x86_64|arm64)$/;

export interface Parameters {
  /** The value of a parameter, as CloudFormation resolves it. @throws AwsError `ParameterNotFound` */
  value(name: string): string;
  put(name: string, type: string, value: string, overwrite: boolean): number;
  delete(name: string): void;
  readonly operations: Readonly<Record<string, Operation>>;
}

export function createParameters(context: HomeContext): Parameters {
  const table: Documents<Parameter> = documents(context.database, 'ssm_parameters');

  function look(name: string): Parameter | null {
    const own = table.get(name);
    if (own !== null || !publicImage.test(name)) return own;
    const value = `ami-${Buffer.from(name).toString('hex').slice(-17)}`;
    return { name, type: 'String', value, version: 1, modified: new Date(0).toISOString() };
  }

  function find(name: string): Parameter {
    const parameter = look(name);
    if (parameter === null) throw new AwsError('ParameterNotFound', `The parameter ${name} does not exist.`);
    return parameter;
  }

  function put(name: string, type: string, value: string, overwrite: boolean): number {
    const before = table.get(name);
    if (before !== null && !overwrite) {
      throw new AwsError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    const version = (before?.version ?? 0) + 1;
    table.put(name, { name, type, value, version, modified: new Date().toISOString() });
    return version;
  }

  function remove(name: string): void {
    find(name);
    table.delete(name);
  }

  const toApi = ({ name, type, value, version, modified }: Parameter) => ({
    Name: name,
    Type: type,
    Value: value,
    Version: version,
    LastModifiedDate: new Date(modified),
    ARN: `arn:aws:ssm:${context.region}:${context.account}:parameter${name.startsWith('/') ? '' : '/'}${name}`,
    DataType: 'text',
  });

  return {
    value: (name) => find(name).value,
    put,
    delete: remove,
    operations: {
      GetParameter: ({ Name }: { Name: string }) => ({ Parameter: toApi(find(Name)) }),
      GetParameters: ({ Names }: { Names: readonly string[] }) => ({
        Parameters: Names.map(look)
          .filter((found) => found !== null)
          .map(toApi),
        InvalidParameters: Names.filter((name) => look(name) === null),
      }),
      GetParametersByPath: ({ Path, Recursive }: { Path: string; Recursive?: boolean }) => {
        const prefix = Path.endsWith('/') ? Path : `${Path}/`;
        const below = table.all().filter(({ name }) => name.startsWith(prefix));
        return {
          Parameters: below.filter(({ name }) => Recursive || !name.slice(prefix.length).includes('/')).map(toApi),
        };
      },
      PutParameter: (input: { Name: string; Type?: string; Value: string; Overwrite?: boolean }) => {
        const type = input.Type ?? 'String';
        if (!['String', 'StringList', 'SecureString'].includes(type))
          throw new AwsError('UnsupportedParameterType', `Unsupported type ${type}`);
        return { Version: put(input.Name, type, input.Value, input.Overwrite ?? false), Tier: 'Standard' };
      },
      DeleteParameter: ({ Name }: { Name: string }) => remove(Name),
    },
  };
}
