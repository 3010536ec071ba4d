/** Room in the admission limits that one request holds until its reply has left or its sender has gone. */
export class HeldResources {
  private releases: (() => void)[] = [];
  private isOver = false;

  add(release: () => void): void {
    // A handler may go on after its request was given up; it holds nothing any more.
    if (this.isOver) release();
    else this.releases.push(release);
  }

  releaseAll(): void {
    this.isOver = true;
    for (const each of this.releases) each();
    this.releases = [];
  }
}
