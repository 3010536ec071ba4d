/** A party that makes its own key never shows it to anybody, the authority included. */
import { randomBytes } from 'node:crypto';
import { generateIdentityKey, identityPublicKey } from '@secagg/crypto';
import { Command } from 'commander';
import { readSecret, writeSecret } from '../files';
import { type Output, printJson } from '../output';

export function identityCommand(output: Output): Command {
  const identity = new Command('identity').description('a party\'s own key');
  identity
    .command('create')
    .description('make a private key; give the public key to the fleet authority')
    .argument('<file>', 'where to write it, with mode 0600')
    .action((file: string) => {
      const { publicKey, secretKey } = generateIdentityKey((length) => new Uint8Array(randomBytes(length)));
      writeSecret(file, secretKey);
      secretKey.fill(0);
      printJson(output, { file, public_key: Buffer.from(publicKey).toString('hex') });
    });
  identity
    .command('show')
    .description('the public key of a private key')
    .argument('<file>')
    .action((file: string) => printJson(output, { public_key: Buffer.from(identityPublicKey(readSecret(file))).toString('hex') }));
  return identity;
}
