// A failed check: the problem code of the protocol (docs/protocol.md, "Problem codes") and what was being looked at.
export class AuditFailure extends Error {
  constructor(code, detail) {
    super(`${code}: ${detail}`);
    this.name = 'AuditFailure';
    this.code = code;
  }
}

export function fail(code, detail) {
  throw new AuditFailure(code, detail);
}

export function check(condition, code, detail) {
  if (!condition) fail(code, detail);
}
