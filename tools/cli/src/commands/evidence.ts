/** Proven misbehaviour: what a coordinator keeps, re-checked from the authority's key alone. */
import { readFileSync } from 'node:fs';
import { CoordinatorClient } from '@secagg/client';
import { type Misbehaviour, verifyEvidence } from '@secagg/protocol';
import { Command } from 'commander';
import { readAuthorityKey } from '../fleet-folder';
import { type Output, printJson } from '../output';
import { origin } from '../parse';

export function evidenceCommand(output: Output): Command {
  const evidence = new Command('evidence').description('signed proof of parties\' misbehaviour');
  evidence
    .command('list')
    .description('fetch and verify all evidence that a coordinator keeps; exit status 1 when any does not hold')
    .argument('<url>', 'the coordinator', origin)
    .requiredOption('--authority <file>', 'authority.pub of the fleet: nothing else is believed')
    .option('--json', 'print as JSON')
    .action(async (url: string, options: { authority: string; json?: boolean }) => {
      const key = readAuthorityKey(options.authority);
      const client = new CoordinatorClient({ origin: url });
      try {
        const verified: (Misbehaviour & { id: string; at: string; excluded: boolean })[] = [];
        for (const { id, at, excluded } of await client.evidenceList()) verified.push({ id, at, excluded, ...verifyEvidence(key, await client.evidence(id)) });
        if (options.json) printJson(output, { evidence: verified });
        else for (const entry of verified) output.out(`${entry.id}  ${entry.at}  ${describe(entry)}${entry.excluded ? '  (excluded)' : ''}`);
      } finally {
        await client.close();
      }
    });
  evidence
    .command('check')
    .description('verify one piece of evidence; exit status 0 when it proves what it says')
    .argument('<file>', 'as a coordinator or a router-node gave it out')
    .requiredOption('--authority <file>', 'authority.pub of the fleet: nothing else is believed')
    .option('--json', 'print as JSON')
    .action((file: string, options: { authority: string; json?: boolean }) => {
      const proven = verifyEvidence(readAuthorityKey(options.authority), readFileSync(file));
      if (options.json) printJson(output, proven);
      else output.out(`PROVEN ${describe(proven)}`);
    });
  return evidence;
}

/** What each kind says about a party. */
const deeds: Record<Misbehaviour['kind'], string> = {
  'two-seats': 'took two seats in one epoch',
  'two-epochs': 'signed two lists of keys for one epoch',
  'two-reports': 'reported twice in one round',
  'two-votes': 'voted twice in one round',
  'two-answers': 'answered one decision in two ways',
  'wrong-answer': 'answered wrongly: as many others as open a vector contradict it',
  'two-contributions': 'signed two contributions to one round',
  'two-announcements': 'announced two configurations of one round',
  'two-proposals': 'proposed twice in one round',
  'two-receipts': 'gave receipts for two contributions of one router',
};

function describe({ kind, party, serial, cluster, round, epoch }: Misbehaviour): string {
  const where = round === undefined ? `epoch ${epoch}` : `round ${round} of cluster ${cluster}`;
  return `${party} (certificate ${serial}) ${deeds[kind]}: ${kind}, ${where}`;
}
