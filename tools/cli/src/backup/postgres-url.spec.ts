import { postgresUrl } from './postgres-url';

const environmentOf = (url: string, rest: Record<string, string> = {}) =>
  postgresUrl({ DATABASE_URL: url, ...rest }).environment;

it('tells the programs by their environment what the URL says, decoded, and hands on neither the URL nor what leads elsewhere', () => {
  const rest = {
    PATH: '/bin',
    PGHOSTADDR: '10.0.0.9',
    PGSERVICE: 'another',
    PGPASSWORD: 'another',
    PGSSLROOTCERT: 'system',
    SECRET: 'of somebody',
  };
  expect(environmentOf('postgres://se%20c:p%40s%2Fs@[::1]:6000/db%3D1?application_name=x', rest)).toEqual({
    PATH: '/bin',
    PGHOST: '::1',
    PGPORT: '6000',
    PGUSER: 'se c',
    PGPASSWORD: 'p@s/s',
    PGDATABASE: 'db=1',
    PGAPPNAME: 'x',
    PGSSLROOTCERT: 'system',
    LC_ALL: 'C',
    TZ: 'UTC',
  });
  expect(environmentOf('postgresql:///db?host=/run/postgresql', { PGPASSWORD: 'kept' })).toEqual({
    PGHOST: '/run/postgresql',
    PGDATABASE: 'db',
    PGPASSWORD: 'kept',
    LC_ALL: 'C',
    TZ: 'UTC',
  });
});

// What the coordinator's driver makes of each: all but two verify certificate and name.
it.each([
  ['sslmode=disable', 'disable'],
  ['sslmode=no-verify', 'require'],
  ['sslmode=prefer', 'verify-full'],
  ['sslmode=require', 'verify-full'],
  ['sslmode=verify-ca', 'verify-full'],
  ['sslmode=verify-full', 'verify-full'],
  ['sslmode=require&uselibpqcompat=true', 'require'],
  ['uselibpqcompat=true&sslmode=verify-ca', 'verify-ca'],
])('%s is %s to the programs', (query, mode) => {
  expect(environmentOf(`postgres://h/db?${query}`).PGSSLMODE).toBe(mode);
});

it('takes the password out of messages, as it is and as the URL has it', () => {
  const { withoutPassword } = postgresUrl({ DATABASE_URL: 'postgres://u:p%40ss@h/db' });
  expect(withoutPassword('wrong: p@ss, or p%40ss')).toBe('wrong: (password), or (password)');
});
