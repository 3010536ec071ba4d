/** What one request holds of the service, until its reply has left or its sender has gone. */
export class Taken {
  private giving: (() => void)[] = [];
  private isOver = false;

  add(giveBack: () => void): void {
    // Work that ends after its request was given up holds nothing.
    if (this.isOver) giveBack();
    else this.giving.push(giveBack);
  }

  giveBack(): void {
    this.isOver = true;
    for (const each of this.giving) each();
    this.giving = [];
  }
}
