/**
 * Remembers what `make` gave for the last `capacity` different byte strings, forgetting the least recently used.
 * For public data only: the keys stay in memory as strings.
 */
export function boundedCache<T>(capacity: number, make: (key: Uint8Array) => T): (key: Uint8Array) => T {
  const entries = new Map<string, T>();
  return (key) => {
    const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
    let value = entries.get(name);
    if (value === undefined) {
      value = make(key);
      if (entries.size >= capacity) entries.delete(entries.keys().next().value as string);
    } else {
      // A Map iterates in order of insertion: inserting again makes the entry the youngest.
      entries.delete(name);
    }
    entries.set(name, value);
    return value;
  };
}
