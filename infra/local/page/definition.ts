/** The parts of an Amazon States Language definition that the page draws and follows. */

export interface StateDefinition {
  readonly Type: string;
  readonly Comment?: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Default?: string;
  readonly Choices?: readonly ChoiceRule[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly Branches?: readonly Definition[];
  readonly ItemProcessor?: Definition;
  /** What ItemProcessor was called before 2022. */
  readonly Iterator?: Definition;
}

export type ChoiceRule = Readonly<Record<string, unknown>> & { readonly Next?: string };

export interface Definition {
  readonly Comment?: string;
  readonly StartAt: string;
  readonly States: Readonly<Record<string, StateDefinition>>;
}

/** A state and the Map that it is an iteration of, if any. */
export interface PlacedState {
  readonly name: string;
  readonly state: StateDefinition;
  readonly insideMap: string | null;
}

/** @throws SyntaxError where the text is no JSON; the service that keeps definitions checked the rest. */
export function parseDefinition(text: string): Definition {
  return JSON.parse(text) as Definition;
}

/** The machines inside a Map or Parallel. */
export function innerMachines(state: StateDefinition): readonly Definition[] {
  const processor = state.ItemProcessor ?? state.Iterator;
  return [...(processor ? [processor] : []), ...(state.Branches ?? [])];
}

/** All states at all depths, each container before what it contains. Names are unique in the whole machine, as ASL demands. */
export function allStates(definition: Definition, insideMap: string | null = null): PlacedState[] {
  return Object.entries(definition.States).flatMap(([name, state]) => [
    { name, state, insideMap },
    ...innerMachines(state).flatMap((inner) => allStates(inner, state.Type === 'Map' ? name : insideMap)),
  ]);
}
