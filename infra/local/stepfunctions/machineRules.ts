/** Rules for a machine, and for the machines inside it: names, transitions, and the fields of each state. */
import { integer, text, unsupported } from './fieldRules.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { checkFields } from './recoveryRules.ts';
import { checkTogether, fieldsOf } from './stateRules.ts';

type Report = (place: string, reason: string) => void;

const maxNameLength = 80;

/** What is wrong with a definition, each with its place, e.g. `must be a string at /States/Wait a bit/Comment`. */
export function machineProblems(definition: Json): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  checkMachine(definition, 'machine', names, (place, reason) => {
    problems.push(`${reason} at ${place === '' ? '/' : place}`);
  });
  return problems;
}

const queryLanguage = (value: Json, report: Report) => {
  if (value !== 'JSONPath') report('', 'is not supported here: only JSONPath is');
};

const machineFields = {
  Comment: text,
  StartAt: text,
  States: () => {},
  QueryLanguage: queryLanguage,
};

const fieldsByKind = {
  machine: {
    ...machineFields,
    Version: (value: Json, report: Report) => {
      if (value !== '1.0') report('', "must be '1.0'");
    },
    TimeoutSeconds: integer(1, 99_999_999),
  },
  branch: machineFields,
  processor: {
    ...machineFields,
    ProcessorConfig: (value: Json, report: Report) => {
      if (!isObject(value)) {
        report('', 'must be an object');
        return;
      }
      checkFields(value, { Mode: onlyInline, ExecutionType: unsupported('only inline maps are') }, report);
    },
  },
};

function onlyInline(value: Json, report: Report): void {
  if (value !== 'INLINE') report('', `is not supported here: ${JSON.stringify(value)}; only INLINE is`);
}

function checkMachine(machine: Json, kind: keyof typeof fieldsByKind, names: Set<string>, report: Report): void {
  if (!isObject(machine)) {
    report('', 'must be an object');
    return;
  }
  checkFields(machine, fieldsByKind[kind], report);
  const states = machine.States;
  if (!isObject(states) || Object.keys(states).length === 0) {
    report('/States', 'must be an object with states');
    return;
  }
  const start = machine.StartAt;
  if (typeof start !== 'string') report('/StartAt', 'is missing');
  else if (!Object.hasOwn(states, start)) report('/StartAt', `names a state that is not there: '${start}'`);
  for (const [name, state] of Object.entries(states)) {
    const here: Report = (place, reason) => report(`/States/${name}${place}`, reason);
    if (name.length > maxNameLength) here('', `has a name of over ${maxNameLength} characters`);
    if (names.has(name)) here('', 'has a name that another state of the machine has');
    names.add(name);
    checkState(state, names, here);
  }
  checkTransitions(states, String(start), report);
}

function checkState(state: Json, names: Set<string>, report: Report): void {
  if (!isObject(state)) {
    report('', 'must be an object');
    return;
  }
  const type = typeof state.Type === 'string' ? state.Type : '';
  const fields = Object.hasOwn(fieldsOf, type) ? fieldsOf[type] : undefined;
  if (fields === undefined) {
    report('/Type', `must be one of ${Object.keys(fieldsOf).join(', ')}`);
    return;
  }
  checkFields(state, fields, report);
  checkTogether(type, state, report);
  for (const field of type === 'Map' ? ['ItemProcessor', 'Iterator'] : []) {
    const processor = state[field];
    if (processor === undefined) continue;
    checkMachine(processor, 'processor', names, (place, reason) => report(`/${field}${place}`, reason));
  }
  if (type !== 'Parallel' || state.Branches === undefined) return;
  if (!Array.isArray(state.Branches) || state.Branches.length === 0) {
    report('/Branches', 'must be an array that is not empty');
    return;
  }
  state.Branches.forEach((branch, index) => {
    checkMachine(branch, 'branch', names, (place, reason) => report(`/Branches[${index}]${place}`, reason));
  });
}

/** Every transition leads to a state of the same machine, every state is reached, and some state is an end. */
function checkTransitions(states: JsonObject, start: string, report: Report): void {
  const reached = new Set<string>([start]);
  for (const name of reached) {
    const state = states[name];
    if (isObject(state)) for (const { target } of transitions(state)) reached.add(target);
  }
  for (const [name, state] of Object.entries(states)) {
    if (!reached.has(name)) report(`/States/${name}`, 'cannot be reached from StartAt');
    for (const { place, target } of isObject(state) ? transitions(state) : []) {
      if (!Object.hasOwn(states, target)) {
        report(`/States/${name}${place}`, `MISSING_TRANSITION_TARGET: there is no state '${target}'`);
      }
    }
  }
}

function transitions(state: JsonObject): { place: string; target: string }[] {
  const found: { place: string; target: string }[] = [];
  const add = (place: string, target: Json | undefined) => {
    if (typeof target === 'string') found.push({ place, target });
  };
  add('/Next', state.Next);
  add('/Default', state.Default);
  for (const field of ['Catch', 'Choices']) {
    const entries = state[field];
    if (!Array.isArray(entries)) continue;
    entries.forEach((entry, index) => {
      if (isObject(entry)) add(`/${field}[${index}]/Next`, entry.Next);
    });
  }
  return found;
}
