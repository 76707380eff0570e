import { describe, expect, test } from '@jest/globals';
import { revisionOf } from '../../../../infra/local/binaries/build.ts';
import { withHttp2Offer } from '../../../../infra/local/binaries/overlay.ts';

const config = (name: string) => `func (info TLSInfo) ${name}() (*tls.Config, error) {
\tcfg, err := info.baseConfig()
\tif err != nil {
\t\treturn nil, err
\t}
\treturn cfg, nil
}
`;

describe('the build of etcd 3.0', () => {
  test('has its servers offer HTTP/2, and changes nothing else', () => {
    const source = `package transport\n${config('baseConfig')}${config('ServerConfig')}${config('ClientConfig')}`;
    const changed = withHttp2Offer(source).split('\n');
    const line = '\tcfg.NextProtos = []string{"h2"}';
    expect(changed.filter((one) => one !== line).join('\n')).toBe(source);
    expect(changed.filter((one) => one === line)).toHaveLength(1);
    const at = changed.indexOf(line);
    expect(changed[at + 1]).toBe('\treturn cfg, nil');
    expect(changed.slice(0, at).findLast((one) => one.startsWith('func'))).toContain('ServerConfig');
  });

  test('fails where the source is another', () => {
    expect(() => withHttp2Offer(config('ClientConfig'))).toThrow('not as in etcd 3.0');
  });

  test.each([
    ['2.3.8', ''],
    ['3.0.0', '+2'],
    ['3.0.17', '+2'],
    ['3.1.20', ''],
    ['3.2.32', '+2'],
  ])('is told by the names of its files: %s%s', (version, revision) => {
    expect(revisionOf(version)).toBe(revision);
  });
});
