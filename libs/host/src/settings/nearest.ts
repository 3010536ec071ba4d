/** The name that was probably meant. */

/** What all variables begin with makes none of them nearer. */
const bare = (name: string): string => name.toLowerCase().replace(/^secagg_/, '');

/**
 * The known name nearest to a given one, by letters added, left out, exchanged or swapped; undefined where none is
 * near.
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = bare(name);
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = distanceOf(wanted, bare(candidate));
    // Where a quarter of the letters is wrong it is another word.
    const near = distance <= Math.max(2, wanted.length / 4) && distance < wanted.length;
    if (near && distance < (best?.distance ?? Infinity)) best = { name: candidate, distance };
  }
  return best?.name;
}

/** Optimal string alignment distance. */
function distanceOf(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) rows[0][j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      rows[i][j] = Math.min(replaced, rows[i - 1][j] + 1, rows[i][j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}
