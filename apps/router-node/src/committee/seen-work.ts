/** What a member need not be told again. */
export class SeenWork {
  private hash: string | undefined;

  /** Work with this hash was handled in full. */
  handled(hash: string): void {
    this.hash = hash;
  }

  /**
   * For the next request, and for that one alone: whether work arrived is not signed (docs/protocol.md, "Unsigned
   * answers"), so what the coordinator still waits for after it is handled again.
   */
  take(): string | undefined {
    const { hash } = this;
    this.hash = undefined;
    return hash;
  }
}
