/** What a Task may call, by its Resource ARN, and the parameters each call takes. */
import { isObject, type Json } from './json.ts';

export type Integration = 'lambdaFunction' | 'lambda:invoke' | 'states:startExecution';
export type Pattern = 'requestResponse' | 'waitForTaskToken' | 'sync:2';

export interface Resource {
  readonly integration: Integration;
  readonly pattern: Pattern;
  /** As history events name them, e.g. `lambda` and `invoke.waitForTaskToken`. */
  readonly resourceType: string;
  readonly resource: string;
}

const lambdaArn = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(?::[A-Za-z0-9_$-]+)?$/;
const serviceArn =
  /^arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:(lambda:invoke|states:startExecution)(?:\.(waitForTaskToken|sync:2))?$/;

/** Undefined for a resource that is not supported here. */
export function parseResource(arn: string): Resource | undefined {
  if (lambdaArn.test(arn)) {
    return { integration: 'lambdaFunction', pattern: 'requestResponse', resourceType: 'lambda', resource: arn };
  }
  const match = serviceArn.exec(arn);
  if (match === null) return undefined;
  const integration = match[1] as 'lambda:invoke' | 'states:startExecution';
  const pattern = (match[2] ?? 'requestResponse') as Pattern;
  if (integration === 'lambda:invoke' && pattern === 'sync:2') return undefined;
  if (integration === 'states:startExecution' && pattern === 'waitForTaskToken') return undefined;
  const [resourceType = '', action = ''] = integration.split(':');
  return { integration, pattern, resourceType, resource: match[2] === undefined ? action : `${action}.${match[2]}` };
}

const parameters: Readonly<Record<string, { readonly required: string; readonly optional: readonly string[] }>> = {
  'lambda:invoke': { required: 'FunctionName', optional: ['Payload'] },
  'states:startExecution': { required: 'StateMachineArn', optional: ['Input', 'Name'] },
};

/** Reports a Task's parameters that its integration does not take, and the one that it cannot do without. */
export function checkParameters(
  resource: Resource,
  value: Json | undefined,
  report: (place: string, reason: string) => void,
): void {
  const known = parameters[resource.integration];
  if (known === undefined) return;
  if (!isObject(value)) {
    report('', `must be an object with ${known.required}`);
    return;
  }
  const names = Object.keys(value).map((name) => (name.endsWith('.$') ? name.slice(0, -2) : name));
  for (const name of names) {
    if (name === known.required || known.optional.includes(name)) continue;
    report(`/${name}`, `is not supported here: ${resource.integration} takes ${known.required}, ${known.optional}`);
  }
  if (!names.includes(known.required)) report(`/${known.required}`, 'is missing');
}
