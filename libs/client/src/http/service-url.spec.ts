import { SecaggError } from '@secagg/schema';
import { parseServiceUrl } from './service-url';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('the URL of a service', () => {
  it.each([
    ['http://127.0.0.1:8400', { origin: 'http://127.0.0.1:8400', prefix: '' }],
    ['https://secagg.example/', { origin: 'https://secagg.example', prefix: '' }],
    ['https://gw.example:8443/a/secagg//', { origin: 'https://gw.example:8443', prefix: '/a/secagg' }],
    ['HTTPS://GW.example/Secagg', { origin: 'https://gw.example', prefix: '/Secagg' }],
    ['http://[::1]:8400/x%2Fy', { origin: 'http://[::1]:8400', prefix: '/x%2Fy' }],
  ])('%s', (text, expected) =>
    expect(parseServiceUrl(text)).toEqual({ ...expected, shown: expected.origin + expected.prefix }),
  );

  it.each([
    ['https://alice:pa%40ss%3Aword@h/p', basic('alice:pa@ss:word')],
    ['https://alice:pa@ss@h/p', basic('alice:pa@ss')],
    ['https://alice@h/p', basic('alice:')],
    ['https://:token@h/p', basic(':token')],
    ['https://al%C3%ADce:p%C3%A4ss@h/p', basic('alíce:päss')],
  ])('with credentials, which are not shown: %s', (text, authorization) =>
    expect(parseServiceUrl(text)).toEqual({ origin: 'https://h', prefix: '/p', authorization, shown: 'https://h/p' }),
  );

  it.each([
    ['', 'must be a URL'],
    ['coordinator:8400', 'http:// or https://'],
    ['ftp://h', 'http:// or https://'],
    ['unix:run/x', 'http:// or https://'],
    ['http:h', 'must be a URL'],
    ['http:///h', 'must be a URL'],
    ['http://h:99999', 'must be a URL'],
    ['https://u:hunter2@h/p?x=1', 'query'],
    ['https://h/?', 'query'],
    ['https://u:hunter2@h/p#x', 'fragment'],
    ['https://u:hunter2#1@h/p', 'must be a URL|fragment'],
    ['https://u:hunter2%@h/p', 'percent-encoded'],
    ['https://u%3Av:hunter2@h', 'colon'],
    ['https://u:hunter2%0a@h', 'control character'],
    [' https://u:hunter2@h', 'white space'],
    ['https://u:hunter2@h/a b', 'white space'],
  ])('is not %j', (text, reason) => {
    let error: unknown;
    try {
      parseServiceUrl(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(SecaggError);
    expect(error).toMatchObject({ code: 'invalid', message: expect.stringMatching(reason) as unknown });
    expect((error as Error).message).not.toMatch(/hunter2/);
  });
});

it('may be a Unix socket', () => {
  expect(parseServiceUrl('unix:/run/secagg/node.sock')).toEqual({
    origin: 'http://localhost',
    socketPath: '/run/secagg/node.sock',
    prefix: '',
    shown: 'unix:/run/secagg/node.sock',
  });
});
