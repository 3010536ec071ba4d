import { crashPoints, unknownPoints } from '.';

describe('the named points', () => {
  it('are more than forty for each role, and none twice', () => {
    for (const role of ['coordinator', 'router', 'member']) {
      const names = crashPoints.filter((point) => point.role === role).map(({ name }) => name);
      expect(names.length).toBeGreaterThan(40);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("say which names of a trace they lack, with or without the journal's", () => {
    expect(
      unknownPoints([
        'in-durable:committee/voted',
        'in-durable:voted',
        'in-durable:vote-received',
        'in-durable:nothing',
        'sent:nothing',
        'in-durable:nothing',
      ]),
    ).toEqual(['in-durable:nothing', 'sent:nothing']);
  });
});
