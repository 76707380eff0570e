/** Policy documents as this home evaluates them; what it would not evaluate as AWS does is refused by name. Pure. */
import { type Condition, isKnownOperator } from './conditions.ts';
import { isResourcePattern } from './patterns.ts';

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

const known = ['Sid', 'Effect', 'Action', 'Resource', 'Condition'];

/** The statements of an identity-based policy. @throws TypeError naming the element that is not evaluated here */
export function statementsIn(document: unknown): readonly Statement[] {
  const { Statement: statements = [] } = record(document, 'PolicyDocument');
  return [statements].flat().map((statement, index) => statementFrom(statement, `Statement[${index}]`));
}

function statementFrom(value: unknown, where: string): Statement {
  const statement = record(value, where);
  const odd = Object.keys(statement).find((name) => !known.includes(name));
  if (odd !== undefined) throw new TypeError(`${where}.${odd} is not evaluated here; known: ${known.join(', ')}`);
  const { Effect: effect } = statement;
  if (effect !== 'Allow' && effect !== 'Deny')
    throw new TypeError(`${where}.Effect is ${effect}; allowed: Allow, Deny`);
  const actions = texts(statement.Action, `${where}.Action`);
  const resources = texts(statement.Resource, `${where}.Resource`);
  const bad = resources.find((resource) => !isResourcePattern(resource));
  if (bad !== undefined) throw new TypeError(`${where}.Resource is '${bad}'; allowed: *, ARNs of six parts`);
  return { effect, actions, resources, conditions: conditionsIn(statement.Condition, where) };
}

function conditionsIn(value: unknown, where: string): readonly Condition[] {
  if (value === undefined) return [];
  return Object.entries(record(value, `${where}.Condition`)).flatMap(([operator, keys]) => {
    if (!isKnownOperator(operator))
      throw new TypeError(`${where}.Condition: the operator ${operator} is not evaluated here`);
    return Object.entries(record(keys, `${where}.Condition.${operator}`)).map(([key, values]) => ({
      operator,
      key,
      values: texts(values, `${where}.Condition.${operator}.${key}`),
    }));
  });
}

/** One text or several. */
function texts(value: unknown, where: string): readonly string[] {
  const list = [value].flat().map((one) => (typeof one === 'boolean' ? String(one) : one));
  if (list.length === 0 || !list.every((one) => typeof one === 'string'))
    throw new TypeError(`${where} must be a text, or several`);
  const variable = list.find((one) => one.includes('${'));
  if (variable !== undefined)
    throw new TypeError(`${where}: the policy variable in '${variable}' is not evaluated here`);
  return list;
}

function record(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${where} must be an object`);
  return value as Record<string, unknown>;
}
