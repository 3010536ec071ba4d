import { SecaggError } from '@secagg/schema';
import { accessOf, refuseForeign, requireToken } from './access';

const codeOf = (act: () => void): string | undefined => {
  try {
    act();
  } catch (error) {
    if (error instanceof SecaggError) return error.code;
    throw error;
  }
  return undefined;
};
const foreign = (headers: Record<string, string>, allowedHosts: string[] = [], method = 'POST') =>
  codeOf(() => refuseForeign({ method, headers }, { allowedHosts }));

describe('a request', () => {
  it.each([
    'localhost',
    'localhost:8500',
    'LOCALHOST:8500',
    '127.0.0.1:8500',
    '10.1.2.3',
    '[::1]:8500',
    '[2001:db8::1]',
    'router.internal:8500',
    'Router.Internal',
    'router.internal.:8500',
    'localhost.',
    'node.localhost:8500',
    '0.0.0.0:8500',
  ])('is for this service with the host %s', (host) => {
    expect(foreign({ host }, ['router.internal'])).toBeUndefined();
  });

  it.each([
    'evil.example',
    'evil.example:8500',
    'localhost.evil.example',
    'evillocalhost',
    'router.internal..',
    '127.0.0.1.evil.example',
    '',
    '[::1',
    'x@localhost',
  ])('is for another one with the host %p, as after DNS rebinding', (host) => {
    expect(foreign({ host }, ['router.internal'])).toBe('foreign_request');
  });

  it('may be for the name that the service listens on, and for no other one', () => {
    const { allowedHosts } = accessOf({ host: 'router-1.internal', allowedHosts: [] });
    expect(foreign({ host: 'router-1.internal:8500' }, [...allowedHosts])).toBeUndefined();
    expect(foreign({ host: 'router-1:8500' }, [...allowedHosts])).toBe('foreign_request');
  });

  it('is refused by the name of the setting that would let it in', () => {
    const refused = () => refuseForeign({ method: 'POST', headers: { host: 'router-1' } }, { allowedHosts: [] });
    expect(refused).toThrow('allowedHosts (SECAGG_ALLOWED_HOSTS)');
  });

  it('may be for any host where all are allowed, and need not name one', () => {
    expect(foreign({ host: 'evil.example' }, ['*'])).toBeUndefined();
    expect(foreign({})).toBeUndefined();
  });

  it.each([
    ['http://evil.example', 'localhost:8500'],
    ['http://localhost:3000', 'localhost:8500'],
    ['http://localhost', 'localhost:8500'],
    ['null', 'localhost:8500'],
    ['', 'localhost:8500'],
    ['http://localhost:8500.evil.example', 'localhost:8500'],
  ])('is of a foreign web page with the origin %p', (origin, host) => {
    for (const method of ['GET', 'POST', 'PUT'])
      expect(foreign({ origin, host }, ['*'], method)).toBe('foreign_request');
  });

  it('is of its own page where host and port of both agree', () => {
    expect(foreign({ origin: 'http://localhost:8500', host: 'localhost:8500' })).toBeUndefined();
    expect(foreign({ origin: 'https://secagg.example', host: 'Secagg.example' }, ['*'])).toBeUndefined();
  });

  it('is foreign where the browser says so, but for a link that was followed', () => {
    const host = 'localhost:8500';
    for (const site of ['cross-site', 'same-site', 'nonsense'])
      expect(foreign({ host, 'sec-fetch-site': site })).toBe('foreign_request');
    for (const site of ['same-origin', 'none']) expect(foreign({ host, 'sec-fetch-site': site })).toBeUndefined();
    const navigation = { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect(foreign(navigation, [], 'GET')).toBeUndefined();
    expect(foreign(navigation, [], 'POST')).toBe('foreign_request');
  });
});

describe('a token', () => {
  const token = 'correct-horse-battery';
  const given = (authorization?: string) => codeOf(() => requireToken({ authorization }, { token }));

  it('is taken as it is, with the scheme in any case', () => {
    expect(given(`Bearer ${token}`)).toBeUndefined();
    expect(given(`bearer  ${token}`)).toBeUndefined();
    expect(codeOf(() => requireToken({}, {}))).toBeUndefined();
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    token,
    `Basic ${token}`,
    'Bearer x',
    `Bearer ${token}x`,
    `Bearer ${token} x`,
  ])('is refused with the header %p', (authorization) => {
    expect(given(authorization)).toBe('bad_token');
  });
});
