/** Rules for the Choices of a Choice state. */
import { choiceOperators, operandProblem } from './choice.ts';
import { path, type Rule } from './fieldRules.ts';
import { isObject, type Json, type JsonObject } from './json.ts';

type Report = (place: string, reason: string) => void;

export const checkChoices: Rule = (value, report) => {
  if (!Array.isArray(value) || value.length === 0) {
    report('', 'must be an array that is not empty');
    return;
  }
  value.forEach((choice, index) => {
    const here: Report = (place, reason) => report(`[${index}]${place}`, reason);
    if (isObject(choice) && typeof choice.Next !== 'string') here('/Next', 'must be the name of a state');
    checkRule(choice, here, true);
  });
};

function checkRule(rule: Json, report: Report, top: boolean): void {
  if (!isObject(rule)) {
    report('', 'must be an object');
    return;
  }
  const { Comment: _, Next: next, ...test } = rule;
  if (!top && next !== undefined) report('/Next', 'is only allowed in a top-level choice');
  for (const name of ['Assign', 'Output', 'Condition']) {
    if (name in test) {
      report(`/${name}`, 'is not supported here: JSONata and variables');
      return;
    }
  }
  const nesting = ['And', 'Or', 'Not'].filter((name) => name in test);
  const [operator] = nesting;
  if (operator === undefined) {
    checkTest(test, report);
    return;
  }
  if (Object.keys(test).length > 1) report(`/${operator}`, 'must be the only operator of its rule');
  const nested = test[operator] ?? null;
  if (operator === 'Not') {
    checkRule(nested, (place, reason) => report(`/Not${place}`, reason), false);
    return;
  }
  if (!Array.isArray(nested) || nested.length === 0) {
    report(`/${operator}`, 'must be an array that is not empty');
    return;
  }
  nested.forEach((each, index) => {
    checkRule(each, (place, reason) => report(`/${operator}[${index}]${place}`, reason), false);
  });
}

function checkTest(test: JsonObject, report: Report): void {
  const { Variable: variable, ...operators } = test;
  path(variable ?? null, (place, reason) => report(`/Variable${place}`, reason));
  const names = Object.keys(operators);
  for (const name of names) {
    if (!choiceOperators.includes(name)) report(`/${name}`, 'is not supported here: the operator is not known');
    else checkOperand(name, operators[name] ?? null, report);
  }
  if (names.length !== 1) report('', `must have exactly one operator, not ${names.length}`);
}

function checkOperand(name: string, operand: Json, report: Report): void {
  const problem = operandProblem(name, operand);
  if (problem !== undefined) report(`/${name}`, problem);
  else if (name.endsWith('Path')) path(operand, (place, reason) => report(`/${name}${place}`, reason));
}
