/** Ascending lists read as one ascending list, with no more of each than is asked for. */

export interface AscendingList<T> {
  /** The order of its first element. */
  readonly first: number;
  /** All of its elements. */
  rest(): Iterator<T>;
}

interface Cursor<T> {
  order: number;
  readonly list: AscendingList<T>;
  /** Undefined until its first element is the least one. */
  reader?: Iterator<T>;
  element?: T;
}

/** @param orderOf what an element is ordered by; no two elements of all lists have the same */
export function* mergedByFirst<T>(lists: readonly AscendingList<T>[], orderOf: (element: T) => number): Generator<T> {
  const heap: Cursor<T>[] = lists.map((list) => ({ order: list.first, list })).sort((a, b) => a.order - b.order);
  const advance = (cursor: Cursor<T>): void => {
    cursor.reader ??= cursor.list.rest();
    const { done, value } = cursor.reader.next() as IteratorResult<T, undefined>;
    cursor.element = done ? undefined : value;
    cursor.order = done ? Infinity : orderOf(value);
  };
  for (let least = heap.at(0); least !== undefined && least.order < Infinity; [least] = heap) {
    if (least.element === undefined) advance(least);
    if (least.element !== undefined) yield least.element;
    advance(least);
    sink(heap);
  }
}

/** Puts the first cursor of a heap where it belongs. */
function sink<T>(heap: Cursor<T>[]): void {
  for (let at = 0; ; ) {
    const [left, right] = [2 * at + 1, 2 * at + 2];
    let least = at;
    if (left < heap.length && heap[left].order < heap[least].order) least = left;
    if (right < heap.length && heap[right].order < heap[least].order) least = right;
    if (least === at) return;
    [heap[at], heap[least]] = [heap[least], heap[at]];
    at = least;
  }
}
