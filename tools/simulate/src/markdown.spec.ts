import { betweenMarkers } from './markdown';

it('replaces what stands between the markers and nothing else, however often', () => {
  const block = betweenMarkers('name', undefined, 'old\n');
  const document = `# Title\n\n${block}\nThe end.\n`;
  const once = betweenMarkers('name', document, 'new\n');
  expect(once).toBe(document.replace('old', 'new'));
  expect(betweenMarkers('name', once, 'new\n')).toBe(once);
});

it('refuses a document without a place for it', () => {
  expect(() => betweenMarkers('name', '# Title\n', 'new')).toThrow('no place');
});
