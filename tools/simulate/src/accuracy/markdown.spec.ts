import { betweenMarkers } from './markdown';

it('replaces what stands between the markers and nothing else, however often', () => {
  const block = betweenMarkers(undefined, 'old\n');
  const document = `# Title\n\n${block}\nThe end.\n`;
  const once = betweenMarkers(document, 'new\n');
  expect(once).toBe(document.replace('old', 'new'));
  expect(betweenMarkers(once, 'new\n')).toBe(once);
});

it('refuses a document without a place for it', () => {
  expect(() => betweenMarkers('# Title\n', 'new')).toThrow('no place');
});
