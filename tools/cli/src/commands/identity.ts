/** A party that makes its own key never shows it to anybody, the authority included. */
import { randomFillSync } from 'node:crypto';
import {
  atRest,
  generateIdentityKey,
  identityPublicKey,
  openIdentityKey,
  sealedIdentityLength,
  sealIdentityKey,
  wipe,
} from '@secagg/crypto';
import { readKeyFile, readStoreKeyFile } from '@secagg/host';
import { type PartyId, partyId } from '@secagg/schema';
import { Command } from 'commander';
import { readSecret, replaceSecret, writeSecret } from '../files';
import { type Output, printJson, Refusal, Usage } from '../output';

const random = (length: number) => randomFillSync(new Uint8Array(length));
const STORE_KEY_OPTION = '--store-key <file>';

interface Sealing {
  readonly id: string;
  readonly storeKey: string;
}

export function identityCommand(output: Output): Command {
  const identity = new Command('identity').description("a party's own key");
  identity
    .command('create')
    .description('make a private key; give the public key to the fleet authority')
    .argument('<file>', 'where to write it, with mode 0600')
    .option(STORE_KEY_OPTION, 'seal it under the key in this file, which the service is started with')
    .option('--id <id>', 'with --store-key: whose key it is')
    .action(async (file: string, options: Partial<Sealing>) => {
      const { publicKey, secretKey } = generateIdentityKey(random);
      const sealing = sealingOf(options);
      writeSecret(file, sealing ? await seal(secretKey, sealing) : secretKey);
      wipe(secretKey);
      printJson(output, { file, public_key: hex(publicKey), sealed: sealing !== undefined });
    });
  identity
    .command('seal')
    .description('seal a private key that lies on the disk in the clear')
    .argument('<file>')
    .requiredOption('--id <id>', 'whose key it is')
    .requiredOption(STORE_KEY_OPTION, 'the key that the service is started with, 32 bytes, mode 0600')
    .action(async (file: string, options: Sealing) => {
      const secretKey = readSecret(file);
      replaceSecret(file, await seal(secretKey, options));
      const publicKey = identityPublicKey(secretKey);
      wipe(secretKey);
      printJson(output, { file, public_key: hex(publicKey), sealed: true });
    });
  identity
    .command('show')
    .description('the public key of a private key')
    .argument('<file>')
    .option(STORE_KEY_OPTION, 'of a sealed one: what it is sealed under')
    .option('--id <id>', 'of a sealed one: whose key it is')
    .action(async (file: string, options: Partial<Sealing>) => {
      const sealing = sealingOf(options);
      const secretKey = sealing ? await open(file, sealing) : readSecret(file);
      printJson(output, { public_key: hex(identityPublicKey(secretKey)), sealed: sealing !== undefined });
      wipe(secretKey);
    });
  return identity;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function sealingOf({ id, storeKey }: Partial<Sealing>): Sealing | undefined {
  if (id === undefined && storeKey === undefined) return undefined;
  if (id === undefined || storeKey === undefined) throw new Usage('--store-key and --id go together');
  return { id, storeKey };
}

function idOf(text: string): PartyId {
  const result = partyId.safeParse(text);
  if (!result.success) throw new Usage(`${text} is no party id: a-z 0-9 . _ -`);
  return result.data;
}

async function seal(secretKey: Uint8Array, { id, storeKey: file }: Sealing): Promise<Uint8Array> {
  const storeKey = readStoreKeyFile('--store-key', file);
  const sealed = sealIdentityKey(await atRest(storeKey, random), secretKey, idOf(id));
  wipe(storeKey);
  return sealed;
}

async function open(file: string, { id, storeKey: storeKeyFile }: Sealing): Promise<Uint8Array> {
  const sealed = readKeyFile('<file>', file);
  if (sealed.length !== sealedIdentityLength) throw new Refusal(`${file} is not sealed`);
  const storeKey = readStoreKeyFile('--store-key', storeKeyFile);
  const secretKey = openIdentityKey(await atRest(storeKey, random), sealed, idOf(id));
  wipe(storeKey);
  return secretKey;
}
