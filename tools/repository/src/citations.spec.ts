import { citationsIn, numberedCitationsIn } from './citations';
import { headingsOf, textOf, trackedFiles } from './tree';

const sources = trackedFiles('*.ts', '*.mjs').filter((path) => !path.startsWith('tools/repository/'));

describe('reading citations', () => {
  it('finds documents, headings and lists of headings, over the end of a line too', () => {
    expect(citationsIn('/** Seats (docs/protocol.md, "Epochs"). */')).toEqual([
      { document: 'docs/protocol.md', headings: ['Epochs'] },
    ]);
    expect(citationsIn(' * Votes (docs/protocol.md,\n * "Deciding", "The set" and\n * "Answering").')).toEqual([
      { document: 'docs/protocol.md', headings: ['Deciding', 'The set', 'Answering'] },
    ]);
    expect(citationsIn('see docs/adr/0001-pure-libraries.md.')).toEqual([
      { document: 'docs/adr/0001-pure-libraries.md', headings: [] },
    ]);
  });

  it('finds citations by number', () => {
    expect(numberedCitationsIn('(PROTOCOL section 4.2)')).toHaveLength(1);
    expect(numberedCitationsIn('(docs/protocol.md, section 7)')).toHaveLength(1);
    expect(numberedCitationsIn('RFC 9180, section 4.1')).toHaveLength(0);
  });
});

describe('citations in the sources', () => {
  it('name documents and headings that exist', () => {
    const documents = new Set(trackedFiles('docs/*.md'));
    const cited = sources.flatMap((path) => citationsIn(textOf(path)).map((citation) => ({ path, ...citation })));
    expect(cited.length).toBeGreaterThan(50);
    const broken = cited.flatMap(({ path, document, headings }) => {
      if (!documents.has(document)) return [`${path}: ${document} does not exist`];
      const known = headingsOf(textOf(document));
      return headings
        .filter((heading) => !known.includes(heading))
        .map((heading) => `${path}: ${document} has no heading "${heading}"`);
    });
    expect(broken).toEqual([]);
  });

  it('name no section by its number', () => {
    const numbered = sources.flatMap((path) => numberedCitationsIn(textOf(path)).map((text) => `${path}: ${text}`));
    expect(numbered).toEqual([]);
  });

  it('of decisions name one that is there', () => {
    const numbers = new Set(trackedFiles('docs/adr/*.md').map((path) => path.slice('docs/adr/'.length, -'.md'.length)));
    const cited = [...sources, ...trackedFiles('*.md')].flatMap((path) =>
      [...textOf(path).matchAll(/(?:docs\/adr\/|\bADR )(\d{4})([\w-]*)/g)].map(([, number, rest]) => ({
        path,
        number: number,
        rest: rest,
      })),
    );
    const broken = cited.filter(({ number, rest }) =>
      rest === '' ? ![...numbers].some((name) => name.startsWith(`${number}-`)) : !numbers.has(`${number}${rest}`),
    );
    expect(broken).toEqual([]);
  });
});
