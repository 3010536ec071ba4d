/**
 * JSON from outside with every member that is `null` left out, in objects down to `depth` levels: a client that writes
 * null for a field means that there is none. Elements of arrays stay. The value itself where there is nothing to leave
 * out.
 */
export function withoutNulls(value: unknown, depth = 1): unknown {
  if (depth === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const elements = value.map((element) => withoutNulls(element, depth - 1));
    return elements.some((element, i) => element !== value[i]) ? elements : value;
  }
  const members = Object.entries(value);
  const kept = members
    .filter(([, member]) => member !== null)
    .map(([name, member]) => [name, withoutNulls(member, depth - 1)] as const);
  const same = kept.length === members.length && kept.every(([, member], i) => member === members[i][1]);
  return same ? value : Object.fromEntries(kept);
}
