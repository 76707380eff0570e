/** A Run Command document (schema 2.2, `aws:runShellScript`): checks parameters and renders the script. Pure. */
import { AwsError } from '../wire/service.ts';

export interface CommandDocument {
  readonly schemaVersion: string;
  readonly parameters?: Readonly<Record<string, DocumentParameter>>;
  readonly mainSteps: readonly {
    readonly action: string;
    readonly name: string;
    readonly inputs: { readonly runCommand: readonly string[]; readonly timeoutSeconds?: string | number };
  }[];
}

interface DocumentParameter {
  readonly type: string;
  readonly default?: string;
  readonly allowedPattern?: string;
  readonly allowedValues?: readonly string[];
}

export type ParameterValues = Readonly<Record<string, readonly string[]>>;

/** @throws AwsError `InvalidDocumentContent` for what this home cannot run. */
export function checkDocument(content: CommandDocument): void {
  if (content.schemaVersion !== '2.2')
    throw new AwsError('InvalidDocumentSchemaVersion', `This home runs schema 2.2, not ${content.schemaVersion}.`);
  for (const [name, parameter] of Object.entries(content.parameters ?? {})) checkPattern(name, parameter);
  for (const step of content.mainSteps) {
    if (step.action !== 'aws:runShellScript')
      throw new AwsError('InvalidDocumentContent', `This home does not run ${step.action} (step ${step.name}).`);
  }
}

/** @throws AwsError `InvalidParameters`, naming the parameter and what is allowed. */
export function checkParameters(content: CommandDocument, values: ParameterValues): void {
  const known = content.parameters ?? {};
  const surplus = Object.keys(values).filter((name) => !Object.hasOwn(known, name));
  if (surplus.length > 0)
    throw new AwsError('InvalidParameters', `The document has no parameter ${surplus.join(', ')}.`);
  for (const [name, parameter] of Object.entries(known)) {
    const given =
      (Object.hasOwn(values, name) ? values[name] : undefined) ??
      (parameter.default === undefined ? undefined : [parameter.default]);
    if (given === undefined) throw new AwsError('InvalidParameters', `The parameter ${name} is required.`);
    if (parameter.type === 'String' && given.length !== 1)
      throw new AwsError('InvalidParameters', `The parameter ${name} is a String: it takes one value.`);
    for (const value of given) checkValue(name, parameter, value);
  }
}

/** Amazon's agent compiles patterns with Go's regexp, which refuses repeat counts above 1000. */
function checkPattern(name: string, { allowedPattern = '' }: DocumentParameter): void {
  const counts = [...allowedPattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].flatMap(([, least, most]) => [least, most]);
  if (counts.some((count) => Number(count) > 1_000))
    throw new AwsError(
      'InvalidDocumentContent',
      `The allowed pattern of the parameter ${name} repeats over 1000 times.`,
    );
}

function checkValue(name: string, { allowedPattern, allowedValues }: DocumentParameter, value: string): void {
  if (allowedPattern !== undefined && !new RegExp(allowedPattern).test(value)) {
    throw new AwsError(
      'InvalidParameters',
      `The value of the parameter ${name} does not match the allowed pattern ${allowedPattern}.`,
    );
  }
  if (allowedValues !== undefined && !allowedValues.includes(value)) {
    throw new AwsError(
      'InvalidParameters',
      `The value of the parameter ${name} is not one of ${allowedValues.join(', ')}.`,
    );
  }
}

/** The shell script of all steps, with `{{ name }}` replaced. */
export function renderScript(content: CommandDocument, values: ParameterValues): string {
  return content.mainSteps
    .flatMap(({ inputs }) => inputs.runCommand)
    .join('\n')
    .replace(/\{\{\s*([\w-]+)\s*\}\}/g, (whole, name: string) => {
      return values[name]?.join(' ') ?? content.parameters?.[name]?.default ?? whole;
    });
}
