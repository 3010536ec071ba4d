/** Evidence against a party, checked by whoever it is shown to. */
import { RouterNodeClient } from '@secagg/client';
import { decodeCanonical, SecaggError } from '@secagg/schema';
import { Command } from 'commander';
import { readAuthorityKey } from '../fleet-folder';
import { type Output } from '../output';
import { isUrl, readProof } from '../proof-source';
import { receiptVerdict } from './receipt-evidence';
import { printVerdict, type Verdict } from './verdict';

type Check = (authorityKey: Uint8Array, bytes: Uint8Array) => Verdict;

/** By the `kind` that stands in the message. */
const checks: Readonly<Record<string, Check>> = { 'receipt-not-honoured': receiptVerdict };

export function evidenceCommand(output: Output): Command {
  const evidence = new Command('evidence').description('evidence that a party has broken the protocol');
  evidence
    .command('check')
    .description('check evidence from the authority\'s key alone; exit status 0 when it proves what it says, 1 when not')
    .argument('[file or url]', 'the evidence (standard input when left out), or where a router-node gives it out')
    .requiredOption('--authority <file>', 'authority.pub of the fleet: all that is believed')
    .option('--json', 'print the verdict as JSON')
    .action((where: string | undefined, { authority, json }: { authority: string; json?: boolean }) =>
      printVerdict(output, json, ['proved', 'NOT PROVED'], async () => {
        const key = readAuthorityKey(authority);
        const bytes = where !== undefined && isUrl(where) ? await fetchEvidence(new URL(where)) : readProof(where);
        return checkOf(bytes)(key, bytes);
      }),
    );
  return evidence;
}

/** Throws `invalid` for what is no evidence of a kind known here. */
function checkOf(bytes: Uint8Array): Check {
  const value = decodeCanonical(bytes);
  const kind: unknown = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  const check = typeof kind === 'string' && Object.hasOwn(checks, kind) ? checks[kind] : undefined;
  if (!check) throw new SecaggError('invalid', `it is no evidence of a kind known here: ${Object.keys(checks).join(', ')}`);
  return check;
}

async function fetchEvidence(url: URL): Promise<Uint8Array> {
  const node = new RouterNodeClient({ origin: url.origin });
  try {
    return await node.evidenceAt(url.pathname);
  } finally {
    await node.close();
  }
}
