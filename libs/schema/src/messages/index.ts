export * from './committee';
export * from './define';
export * from './epoch';
export * from './evidence';
export {
  clusterHash,
  fleetId,
  isStrictlyIncreasing,
  maxCommittee,
  maxPieces,
  partyId,
  protocolVersion,
} from './fields';
export * from './fleet';
export * from './freshness';
export * from './operator';
export {
  type DecisionProof,
  decisionProofMessage,
  type HeaderLeaf,
  type InclusionProof,
  inclusionProofMessage,
  type Standing,
} from './proofs';
export { type ReceiptEvidence, receiptEvidenceMessage } from './receipt-evidence';
export * from './round';
export * from './signed';
export * from './transcript';
export * from './work';
