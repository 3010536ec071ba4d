/** Tables that the simulator writes into documents. */

const startOf = (name: string): string => `<!-- ${name}: made by the simulator, do not edit -->`;
const endOf = (name: string): string => `<!-- /${name} -->`;

/**
 * The document with new tables: in place of those between the markers of this name, or alone where there is no document
 * yet. Throws an Error for one without markers.
 */
export function betweenMarkers(name: string, document: string | undefined, text: string): string {
  const [opening, closing] = [startOf(name), endOf(name)];
  const block = `${opening}\n\n${text}\n${closing}`;
  if (document === undefined) return `${block}\n`;
  const [start, end] = [document.indexOf(opening), document.indexOf(closing)];
  if (start < 0 || end < start)
    throw new Error(`the document has no place for the tables: put ${opening} and ${closing} into it`);
  return document.slice(0, start) + block + document.slice(end + closing.length);
}

export const table = (names: readonly string[], rows: readonly (readonly string[])[]): string =>
  [names, names.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
