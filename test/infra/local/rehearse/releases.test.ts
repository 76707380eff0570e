import { expect, test } from '@jest/globals';
import { releasesBetween } from '../../../../infra/local/rehearse/releases.ts';

const here = ['2.2.5', '2.3.8', '3.0.16', '3.0.17', '3.1.20', '3.5.31', '3.5.35'];

test.each([
  ['2.3.8', '3.1.20', ['3.0.17', '3.1.20']],
  ['3.5.31', '3.6.16', ['3.5.35', '3.6.16']],
  ['3.5.31', '3.5.33', ['3.5.33']],
])('from %s to %s an upgrade may stop at %j', (from, to, releases) => {
  expect(releasesBetween(from, to, here)).toEqual(releases);
});
