/** Evidence against a party, checked by whoever it is shown to. */
import { CoordinatorClient } from '@secagg/client';
import { type Misbehaviour, verifyEvidence } from '@secagg/protocol';
import { decodeCanonical, SecaggError } from '@secagg/schema';
import { Command } from 'commander';
import { readAuthorityKey } from '../fleet-folder';
import { type Output, printJson, Usage } from '../output';
import { serviceUrl } from '../parse';
import { isUrl, readProof, splitUrl } from '../proof-source';
import { tokenFile, withRouterNode } from '../router-node';
import { describeMisbehaviour, misbehaviourKinds, misbehaviourVerdict } from './misbehaviour-evidence';
import { receiptVerdict } from './receipt-evidence';
import { printVerdict, type Verdict } from './verdict';

type Check = (authorityKey: Uint8Array, bytes: Uint8Array) => Verdict;

/** By the `kind` that stands in the message. */
const checks: Readonly<Record<string, Check>> = {
  'receipt-not-honoured': receiptVerdict,
  ...Object.fromEntries(misbehaviourKinds.map((kind) => [kind, misbehaviourVerdict])),
};

export function evidenceCommand(output: Output): Command {
  const evidence = new Command('evidence').description('evidence that a party has broken the protocol');
  evidence
    .command('list')
    .description('fetch and check all evidence that a coordinator keeps; exit status 1 when any does not hold')
    .argument('<url>', 'the coordinator', serviceUrl)
    .requiredOption('--authority <file>', 'authority.pub of the fleet: all that is believed')
    .option('--json', 'print as JSON')
    .action((url: string, { authority, json }: { authority: string; json?: boolean }) =>
      list(output, url, readAuthorityKey(authority), json),
    );
  evidence
    .command('check')
    .description("check evidence from the authority's key alone; exit status 0 when it proves what it says, 1 when not")
    .argument(
      '[file or url]',
      'the evidence (standard input when left out), or where a coordinator or router-node gives it out',
    )
    .requiredOption('--authority <file>', 'authority.pub of the fleet: all that is believed')
    .addOption(tokenFile())
    .option('--json', 'print the verdict as JSON')
    .action((where: string | undefined, options: { authority: string; json?: boolean; tokenFile?: string }) =>
      printVerdict(output, options.json, ['proved', 'NOT PROVED'], async () => {
        const key = readAuthorityKey(options.authority);
        const bytes =
          where !== undefined && isUrl(where)
            ? await fetchEvidence(serviceUrl(where), options.tokenFile)
            : readProof(where);
        return checkOf(bytes)(key, bytes);
      }),
    );
  return evidence;
}

async function list(output: Output, url: string, authorityKey: Uint8Array, json: boolean | undefined): Promise<void> {
  const client = new CoordinatorClient({ url });
  try {
    const checked: (Omit<Misbehaviour, 'publicKey'> & { id: string; at: string; excluded: boolean })[] = [];
    for (const { id, at, excluded } of await client.evidenceList()) {
      const { publicKey: _publicKey, ...proven } = verifyEvidence(authorityKey, await client.evidence(id));
      checked.push({ id, at, excluded, ...proven });
    }
    if (json) printJson(output, { evidence: checked });
    else
      for (const entry of checked)
        output.out(`${entry.id}  ${entry.at}  ${describeMisbehaviour(entry)}${entry.excluded ? '  (excluded)' : ''}`);
  } finally {
    await client.close();
  }
}

/** Throws `invalid` for what is no evidence of a kind known here. */
function checkOf(bytes: Uint8Array): Check {
  const value = decodeCanonical(bytes);
  const kind: unknown = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  const check = typeof kind === 'string' && Object.hasOwn(checks, kind) ? checks[kind] : undefined;
  if (!check)
    throw new SecaggError('invalid', `it is no evidence of a kind known here: ${Object.keys(checks).join(', ')}`);
  return check;
}

/** Coordinator and router-node give it out in the same way: the bytes as they are. */
async function fetchEvidence(where: string, token: string | undefined): Promise<Uint8Array> {
  const { url, match } = splitUrl(where, /\/v1\/evidence\/.+$/);
  if (!match) throw new Usage('the URL names no evidence: .../v1/evidence/...');
  return withRouterNode(url, token, (node) => node.evidenceAt(match[0]));
}
