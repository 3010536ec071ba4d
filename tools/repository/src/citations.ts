/** Citations of the docs in the sources: `docs/protocol.md, "Epochs" and "Answering"`. */

export interface Citation {
  /** A path below the root, such as `docs/protocol.md`. */
  document: string;
  headings: string[];
}

// Comments continue on a next line after ` * ` or `// `.
const joint = String.raw`(?:\s*\n\s*(?:\*|\/\/)\s*|\s+)`;
const quoted = String.raw`"[^"\n]+"`;
const citation = new RegExp(
  String.raw`(docs\/[\w./-]+\.md)(?:,${joint}(${quoted}(?:(?:,| and| to)${joint}${quoted})*))?`,
  'g',
);

export function citationsIn(source: string): Citation[] {
  return [...source.matchAll(citation)].map((match) => ({
    document: match[1],
    headings: [...(match[2] ?? '').matchAll(/"([^"]+)"/g)].map((name) => name[1]),
  }));
}

/** Numbers of sections move when a section is added; headings are cited instead. */
export function numberedCitationsIn(source: string): string[] {
  return source.match(/(?:PROTOCOL|\.md,?)\s+(?:sections?|§)\s*\d[\d.]*/g) ?? [];
}
