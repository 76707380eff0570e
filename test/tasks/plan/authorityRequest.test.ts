import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  authorityRefusal,
  checkAuthorityInput,
  exampleAuthorityRotation,
} from '../../../tasks/plan/authorityRequest.ts';

describe('a request', () => {
  const least = {
    action: 'rotate',
    sign: 'whenTrusted',
    drop: 'whenUnused',
    pauseBetweenMembersSeconds: 0,
    dryRun: false,
  };

  test('needs nothing, and then waits for clients', () => {
    expect(checkAuthorityInput({})).toEqual(least);
    expect(checkAuthorityInput(exampleAuthorityRotation)).toEqual({ ...least, dryRun: true });
  });

  test('says which way, whom it waits for, how fast, and whether it is only a rehearsal', () => {
    const full = { action: 'rollBack', sign: 'now', drop: 'now', pauseBetweenMembersSeconds: 86_400, dryRun: true };
    expect(checkAuthorityInput(full)).toEqual(full);
  });

  test.each([
    [null, 'input must be an object, such as {"dryRun":true}'],
    ['now', 'input must be an object'],
    [[], 'input must be an object'],
    [{ action: 'back' }, 'action must be "rotate" or "rollBack" or "abandon"'],
    [{ sign: true }, 'sign must be "whenTrusted" or "now"'],
    [{ drop: 'whenTrusted' }, 'drop must be "whenUnused" or "now"'],
    [{ pauseBetweenMembersSeconds: 1.5 }, 'pauseBetweenMembersSeconds must be a whole number from 0 to 86400'],
    [{ pauseBetweenMembersSeconds: 86_401 }, 'pauseBetweenMembersSeconds must be'],
    [{ dryRun: 'no' }, 'dryRun must be true or false'],
    [{ dropOld: 'now' }, 'dropOld is an unknown field; RotateCertificateAuthority takes action, sign, drop'],
  ])('%j is refused: %s', (input, message) => {
    expect(() => checkAuthorityInput(input)).toThrow(message);
    expect(() => checkAuthorityInput(input)).toThrow(expect.objectContaining({ name: 'InvalidInput' }));
  });

  test('of any form is taken or refused, and never breaks', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        const refusal = authorityRefusal(input);
        if (refusal === null) expect(checkAuthorityInput(input).action).not.toBe('');
        else expect(refusal.message).not.toBe('');
      }),
    );
  });
});
