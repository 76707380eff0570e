/** One small machine for each construct of the states language that our state machines use. */
import { branching } from './branching.ts';
import type { Case } from './case.ts';
import { choices } from './choices.ts';
import { dataFlow } from './dataFlow.ts';
import { flow } from './flow.ts';
import { intrinsicFunctions } from './intrinsicFunctions.ts';
import { tasks } from './tasks.ts';

export const cases: readonly Case[] = [...dataFlow, ...intrinsicFunctions, ...tasks, ...flow, ...branching, ...choices];
