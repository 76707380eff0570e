import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkRotationInput, rotationRefusal } from '../../../tasks/plan/rotationRequest.ts';

describe('a request', () => {
  test('needs a reason and nothing else', () => {
    expect(checkRotationInput({ reason: ' new image ' })).toEqual({
      reason: 'new image',
      instances: 'all',
      pauseBetweenSeconds: 0,
      dryRun: false,
    });
  });

  test('says which, how fast, and whether it is only a rehearsal', () => {
    const full = { reason: 'r', instances: ['i-0123abcd'], pauseBetweenSeconds: 86_400, dryRun: true };
    expect(checkRotationInput(full)).toEqual(full);
  });

  const id = 'i-0123456789abcdef0';
  test.each([
    [null, 'input must be an object'],
    ['all', 'input must be an object'],
    [[], 'input must be an object'],
    [{}, 'reason is missing'],
    [{ reason: '' }, 'reason must be a text'],
    [{ reason: ' \n' }, 'reason must be a text'],
    [{ reason: 'x'.repeat(257) }, 'reason must be a text of 1 to 256 characters'],
    [{ reason: 7 }, 'reason must be a text'],
    [{ reason: 'r', instances: null }, 'instances must be "all" or a list'],
    [{ reason: 'r', instances: [] }, 'instances must be'],
    [{ reason: 'r', instances: [id, id] }, '1 to 15 different instance ids'],
    [{ reason: 'r', instances: ['i-xyz'] }, '"i-xyz" is none'],
    [{ reason: 'r', instances: [7] }, '7 is none'],
    [{ reason: 'r', instances: id }, 'instances must be'],
    [{ reason: 'r', pauseBetweenSeconds: '5' }, 'pauseBetweenSeconds must be a whole number from 0 to 86400'],
    [{ reason: 'r', pauseBetweenSeconds: 86_401 }, 'pauseBetweenSeconds must be'],
    [{ reason: 'r', pauseBetweenSeconds: 0.5 }, 'pauseBetweenSeconds must be'],
    [{ reason: 'r', dryRun: 1 }, 'dryRun must be true or false'],
    [{ reason: 'r', dryrun: true }, 'dryrun is an unknown field; RotateInstances takes reason, instances'],
  ])('%j is refused: %s', (input, message) => {
    expect(() => checkRotationInput(input)).toThrow(message);
    expect(() => checkRotationInput(input)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
  });

  test('of any form is taken or refused, and never breaks', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        const refusal = rotationRefusal(input);
        if (refusal === null) expect(checkRotationInput(input).reason).not.toBe('');
        else expect(refusal.message).not.toBe('');
      }),
    );
  });
});
