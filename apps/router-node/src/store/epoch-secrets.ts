/** Secrets of the epochs this member has a seat in, sealed under the node's store key. */
import { openAtRest, sealAtRest, wipe } from '@secagg/crypto';
import { type EpochSecrets } from '@secagg/protocol';
import { decodeCanonical, encodeCanonical, type RandomBytes } from '@secagg/schema';
import { type Database } from '@secagg/journal/sqlite';

export class EpochSecretTable {
  /** @param owner fleet and member that the secrets belong to: a sealed secret opens for no other */
  constructor(
    private readonly database: Database,
    private readonly key: Uint8Array,
    private readonly owner: string,
    private readonly random: RandomBytes,
  ) {}

  /** Sealing is asynchronous, storing is not: seal first, then store in the transaction of the seat. */
  async seal(epoch: number, secrets: EpochSecrets): Promise<Uint8Array> {
    const plaintext = encodeCanonical({ kem: secrets.kemSecret, vote: secrets.voteSecret });
    try {
      return await sealAtRest(this.key, plaintext, this.context(epoch), this.random);
    } finally {
      wipe(plaintext);
    }
  }

  put(epoch: number, sealed: Uint8Array): void {
    this.database.run('INSERT INTO epoch_secret (epoch, sealed) VALUES (?, ?)', epoch, sealed);
  }

  /** Throws `cannot_open` when the store key is not the one they were sealed under. */
  async all(): Promise<Map<number, EpochSecrets>> {
    const secrets = new Map<number, EpochSecrets>();
    for (const [epoch, sealed] of this.database.all('SELECT epoch, sealed FROM epoch_secret')) {
      const plaintext = await openAtRest(this.key, sealed as Uint8Array, this.context(epoch as number));
      const { kem, vote } = decodeCanonical(plaintext) as { kem: Uint8Array; vote: Uint8Array };
      secrets.set(epoch as number, { kemSecret: kem.slice(), voteSecret: vote.slice() });
      wipe(plaintext);
    }
    return secrets;
  }

  remove(epoch: number): void {
    this.database.run('DELETE FROM epoch_secret WHERE epoch = ?', epoch);
  }

  private context(epoch: number): string {
    return `epoch-secrets/${this.owner}/${epoch}`;
  }
}
