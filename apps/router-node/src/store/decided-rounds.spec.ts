import { join } from 'node:path';
import { type DecisionProof, type Signed } from '@secagg/schema';
import { useTestFolder } from '../../test/support/test-folder';
import { Database } from '@secagg/journal/sqlite';
import { DecidedRoundTable } from './decided-rounds';
import { EvidenceTable } from './evidence';
import { routerMigrations } from './router-migrations';

const folder = useTestFolder();
const path = () => join(folder(), 'router.db');
const signed = (byte: number): Signed => ({
  body: new Uint8Array(40).fill(byte),
  signature: new Uint8Array(64).fill(byte),
});
const proof = (documents: number, decision: number): DecisionProof => ({
  v: 1,
  policy: signed(documents),
  roster: signed(documents + 1),
  epoch_certificate: { body: new Uint8Array(8).fill(documents), signatures: [new Uint8Array(64)] },
  announcement: signed(decision),
  decision: {
    body: new Uint8Array(9).fill(decision),
    votes: [{ member: 0 as never, signature: new Uint8Array(64).fill(decision) }],
  },
});

let database: Database;
afterEach(() => database.close());

describe('decided rounds', () => {
  it('are given out as they were kept, with the documents of many rounds kept once', () => {
    database = Database.open(path(), routerMigrations);
    const table = new DecidedRoundTable(database);
    const proofs = [proof(1, 11), proof(1, 12), proof(3, 13)];
    proofs.forEach((each, i) => table.put(`c/${i}`, each, i));
    // The first one stays: a second proof of a round has the same decision.
    table.put('c/0', proof(5, 14), 9);
    expect(proofs.map((_, i) => table.get(`c/${i}`))).toEqual(proofs);
    expect(table.decisionBody('c/1')).toEqual(proofs[1].decision.body);
    expect([table.get('c/9'), table.decisionBody('c/9'), table.encoded('c/9')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    database.close();
    database = Database.open(path(), routerMigrations);
    expect(new DecidedRoundTable(database).get('c/2')).toEqual(proofs[2]);
  });

  it('are forgotten when there are many newer ones, and documents with the last round under them', () => {
    database = Database.open(path(), routerMigrations);
    const table = new DecidedRoundTable(database, 3);
    for (let i = 0; i < 5; i++) table.put(`c/${i}`, proof(i < 2 ? 1 : 3, 11 + i), 100 + i);
    expect([0, 1, 2, 3, 4].map((i) => table.get(`c/${i}`) !== undefined)).toEqual([false, false, true, true, true]);
    expect(database.get('SELECT COUNT(*) FROM fleet_document')).toEqual([2]);
  });
});

describe('evidence', () => {
  it('of before there were messages stays, and shows that it is the receipt alone', () => {
    database = Database.open(path(), routerMigrations.slice(0, 2));
    database.run('INSERT INTO evidence (round_key, receipt, at_ms) VALUES (?, ?, ?)', 'c/1', Uint8Array.of(1), 5);
    database.close();
    database = Database.open(path(), routerMigrations);
    const table = new EvidenceTable(database);
    expect(table.put('c/2', signed(1), Uint8Array.of(7, 8), 6)).toBe(true);
    expect(table.put('c/2', signed(2), Uint8Array.of(9), 7)).toBe(false);
    expect(table.list().map(({ roundKey, hasMessage, atMs }) => [roundKey, hasMessage, atMs])).toEqual([
      ['c/2', true, 6],
      ['c/1', false, 5],
    ]);
    expect([table.message('c/2'), table.message('c/1'), table.message('c/3')]).toEqual([
      Uint8Array.of(7, 8),
      undefined,
      undefined,
    ]);
  });
});
