/** What a case is, and the states that several topics are made of. */

export interface Case {
  readonly name: string;
  readonly definition: object;
  readonly input?: unknown;
  /** Branches or iterations run side by side: the states are the same, their order is not. */
  readonly unordered?: true;
}

export const succeed = { Type: 'Succeed' };
export const pass = (more: object) => ({ Type: 'Pass', End: true, ...more });
export const caught = (state: object, more: object = {}) => ({
  StartAt: 'Try',
  States: {
    Try: { ...state, End: undefined, Next: 'Fine', Catch: [{ ErrorEquals: ['States.ALL'], ...more, Next: 'Caught' }] },
    Fine: succeed,
    Caught: succeed,
  },
});
export const branch = (name: string, state: object) => ({ StartAt: name, States: { [name]: state } });
