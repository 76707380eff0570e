import { describe, expect, test } from '@jest/globals';
import { findingsOf, reportOf } from '../../../infra/release/auditReport.ts';

const advisory = {
  source: 1,
  name: 'deep',
  dependency: 'deep',
  title: 'reads too much',
  url: 'https://github.com/advisories/GHSA-0',
  severity: 'high',
  range: '<1.2.3',
};

describe('an audit', () => {
  test('tells each advisory once, and whether the package is deployed', () => {
    const vulnerabilities = { deep: { via: [advisory] }, outer: { via: ['deep', advisory] } };
    const findings = findingsOf(JSON.stringify({ auditReportVersion: 2, vulnerabilities }));
    if ('unanswered' in findings) throw new Error('it answered');
    const line = 'deep <1.2.3 (deployed): reads too much https://github.com/advisories/GHSA-0\n';
    expect(reportOf(findings, new Set(['deep']))).toBe(`high: ${line}`);
    expect(reportOf(findings, new Set())).toContain('development only');
  });

  test('of which nothing is known says so', () => {
    const findings = findingsOf('{"auditReportVersion": 2, "vulnerabilities": {}}');
    expect(findings).toEqual([]);
    expect(reportOf([], new Set())).toContain('Nothing is known');
  });

  test.each([
    ['{"message": "405 Method Not Allowed", "statusCode": 405}', '405 Method Not Allowed'],
    ['{"error": {"code": "ENOAUDIT"}}', ''],
    ['null', ''],
    ['', ''],
    ['<html>', ''],
  ])('that the registry does not answer (%s) is no clean one', (said, unanswered) => {
    expect(findingsOf(said)).toEqual({ unanswered });
  });
});
