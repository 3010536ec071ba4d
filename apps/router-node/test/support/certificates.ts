/** Self-signed certificates of TLS servers, by openssl. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
  /** Of the certificate. */
  readonly file: string;
}

/** @param name what it is for, such as IP:127.0.0.1 */
export function makeCertificate(
  parent: string,
  name: string,
  [from, until] = ['20250101000000Z', '20990101000000Z'],
): MadeCertificate {
  const folder = join(parent, `tls-${name.replace(/\W/g, '-')}-${until}`);
  mkdirSync(join(folder, 'new'), { recursive: true });
  const at = (file: string) => join(folder, file);
  writeFileSync(at('index.txt'), '');
  writeFileSync(at('serial'), '01');
  writeFileSync(
    at('ca.cnf'),
    `[ca]
default_ca = here
[here]
database = ${at('index.txt')}
serial = ${at('serial')}
new_certs_dir = ${at('new')}
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
subjectAltName = ${name}
basicConstraints = critical,CA:true
[req]
distinguished_name = dn
[dn]
`,
  );
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const config = ['-config', at('ca.cnf')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-new', ...config, ...curve, '-subj', '/CN=test', '-keyout', at('key.pem'), '-out', at('request.pem'));
  openssl(
    ...['ca', '-batch', '-selfsign', '-notext', ...config, '-in', at('request.pem'), '-keyfile', at('key.pem')],
    ...['-out', at('cert.pem'), '-startdate', from, '-enddate', until],
  );
  const file = at('cert.pem');
  return { cert: readFileSync(file, 'utf8'), key: readFileSync(at('key.pem'), 'utf8'), file };
}
