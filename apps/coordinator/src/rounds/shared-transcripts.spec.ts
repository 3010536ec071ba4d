import { type Bytes } from '@secagg/schema';
import { SharedTranscripts } from './shared-transcripts';

it('reads a transcript once for all who ask for it, and asks again for what was not there or failed', async () => {
  const reads: string[] = [];
  const found = new Map<string, Bytes>([
    ['a', new Uint8Array([1])],
    ['b', new Uint8Array([2])],
  ]);
  let broken = false;
  const shared = new SharedTranscripts({
    transcript: async (key) => {
      reads.push(key);
      if (broken) throw new Error('the disk fails');
      return found.get(key);
    },
  });
  const [first, second] = await Promise.all([shared.transcript('a'), shared.transcript('a')]);
  expect(first).toBe(found.get('a'));
  expect(second).toBe(first);
  expect(await shared.transcript('b')).toBe(found.get('b'));
  expect(await shared.transcript('none')).toBeUndefined();
  expect(await shared.transcript('none')).toBeUndefined();
  broken = true;
  await expect(shared.transcript('a')).rejects.toThrow('the disk fails');
  broken = false;
  expect(await shared.transcript('a')).toBe(first);
  expect(reads).toEqual(['a', 'b', 'none', 'none', 'a', 'a']);
});
