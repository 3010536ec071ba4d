import { drawing, element, label } from './svg';

it('escapes text and attributes', () => {
  expect(label(1, 2, '<a> & "b"')).toBe('<text x="1" y="2">&lt;a&gt; &amp; &quot;b&quot;</text>');
  expect(element('g', { id: '"><script>' })).toBe('<g id="&quot;&gt;&lt;script&gt;"/>');
});

it('leaves out what is undefined and rounds coordinates', () => {
  expect(element('circle', { r: 1.23456, fill: undefined })).toBe('<circle r="1.2"/>');
});

it('is a document of its own', () => {
  expect(drawing(10, 20, ['<g/>'])).toMatch(
    /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="10" height="20" viewBox="0 0 10 20"[^>]*>\n<g\/>\n<\/svg>\n$/,
  );
});
