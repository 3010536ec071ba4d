/**
 * Adds many streams of 16-bit limbs into a block of 32-bit sums, eight limbs at a time: WebAssembly SIMD, because a loop over typed
 * arrays takes longer than the cipher that makes the stream.
 *
 * The module, in the text format (every instruction below is one line of it):
 *
 *     (module
 *       (memory (export "memory") 2)
 *       (func (export "add") (param $sums i32) (param $limbs i32) (param $end i32) (local $eight v128)
 *         (loop $next
 *           (local.set $eight (v128.load (local.get $limbs)))
 *           (v128.store (local.get $sums) (i32x4.add (v128.load (local.get $sums)) (i32x4.extend_low_i16x8_u (local.get $eight))))
 *           (v128.store offset=16 (local.get $sums) (i32x4.add (v128.load offset=16 (local.get $sums)) (i32x4.extend_high_i16x8_u (local.get $eight))))
 *           (local.set $sums (i32.add (local.get $sums) (i32.const 32)))
 *           (br_if $next (i32.lt_u (local.tee $limbs (i32.add (local.get $limbs) (i32.const 16))) (local.get $end))))))
 *
 * Sums wrap at 2^32; whoever counts additions keeps them below (see `WordSum`). The memory holds one block of sums at 0 and one
 * stream behind it, both secret, and is zeroed by `take`.
 */
import { BLOCK_WORDS, LIMBS_PER_WORD } from './limbs';

const BLOCK_LIMBS = BLOCK_WORDS * LIMBS_PER_WORD;
const STREAM_AT = 4 * BLOCK_LIMBS;

const [SUMS, LIMBS, END, EIGHT] = [0, 1, 2, 3];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const load = (offset: number) => [0xfd, 0x00, 4, offset];
const store = (offset: number) => [0xfd, 0x0b, 4, offset];
const addLanes = [0xfd, 0xae, 0x01];
const extendLow = [0xfd, 0xa9, 0x01];
const extendHigh = [0xfd, 0xaa, 0x01];
const plus = (constant: number) => [0x41, constant, 0x6a];

const body = [
  ...[1, 1, 0x7b], // one local of type v128
  ...[0x03, 0x40], // loop
  ...get(LIMBS), ...load(0), ...set(EIGHT),
  ...get(SUMS), ...get(SUMS), ...load(0), ...get(EIGHT), ...extendLow, ...addLanes, ...store(0),
  ...get(SUMS), ...get(SUMS), ...load(16), ...get(EIGHT), ...extendHigh, ...addLanes, ...store(16),
  ...get(SUMS), ...plus(32), ...set(SUMS),
  ...get(LIMBS), ...plus(16), ...[0x22, LIMBS], // local.tee
  ...get(END), ...[0x49], // i32.lt_u
  ...[0x0d, 0], // br_if
  ...[0x0b, 0x0b], // end of loop and function
];
const text = (name: string) => [name.length, ...Buffer.from(name)];
const section = (id: number, content: readonly number[]) => [id, content.length, ...content];
const code = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, 0x60, 3, 0x7f, 0x7f, 0x7f, 0]), // one type: (i32, i32, i32) -> ()
  ...section(3, [1, 0]), // one function of that type
  ...section(5, [1, 0, 2]), // one memory of two pages
  ...section(7, [2, ...text('memory'), 2, 0, ...text('add'), 0, 0]),
  ...section(10, [1, body.length, ...body]),
]);

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** @param end where the limbs end, rounded up to 16 bytes: what stands between must be zero */
  readonly add: (sums: number, limbs: number, end: number) => void;
}

/** The part of the standard that is used here; browsers and Node have it, TypeScript only knows it with the types of browsers. */
interface WebAssemblyApi {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
const { memory, add } = new Instance(new Module(code)).exports as Kernel;
const sums = new Uint32Array(memory.buffer, 0, BLOCK_LIMBS);
const stream = new Uint16Array(memory.buffer, STREAM_AT, BLOCK_LIMBS);

/** Starts with `block`, at most 12288 sums of 32 bits. */
export function loadSums(block: Uint32Array): void {
  sums.set(block);
}

/** Adds limbs to the first of the sums. */
export function addStream(limbs: Uint16Array): void {
  stream.set(limbs);
  // The last vector may reach past the limbs, where an earlier and longer stream may have been.
  stream.fill(0, limbs.length, Math.min(BLOCK_LIMBS, limbs.length + 7));
  add(0, STREAM_AT, STREAM_AT + 2 * limbs.length);
}

/** Writes the sums back into `block`, as long as the one loaded, and forgets everything. */
export function takeSums(block: Uint32Array): void {
  block.set(sums.subarray(0, block.length));
  sums.fill(0);
  stream.fill(0);
}
