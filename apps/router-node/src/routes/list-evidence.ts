import { type EvidenceList, evidenceListSchema } from '@secagg/client';
import { defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { ofRoundKey } from '@secagg/protocol';
import { type RouterStore } from '../store/router-store';

export const listEvidence = ({ evidence, misbehaviour }: Pick<RouterStore, 'evidence' | 'misbehaviour'>): Operation =>
  defineOperation({
    id: 'list-evidence',
    method: 'get',
    path: '/v1/evidence',
    summary: 'What this node can prove against others, newest first',
    replies: { 200: replyOf(json(evidenceListSchema), 'The list') },
    async handle() {
      const receipts = evidence.list().map(({ roundKey: key, hasMessage, atMs }) => ({
        kind: 'receipt-not-honoured',
        ...ofRoundKey(key),
        at: new Date(atMs).toISOString(),
        path: hasMessage ? `/v1/evidence/receipt-not-honoured/${key}` : null,
      }));
      const others = misbehaviour.list().map(({ kind, party, serial, cluster, round, atMs }) => ({
        kind,
        party,
        ...(cluster === null ? {} : { cluster }),
        ...(round === null ? {} : { round }),
        at: new Date(atMs).toISOString(),
        path: `/v1/evidence/${kind}/${party}/${serial}`,
      }));
      const list: EvidenceList = { evidence: [...receipts, ...others].sort((a, b) => (a.at < b.at ? 1 : -1)) };
      return jsonReply(list);
    },
  });
