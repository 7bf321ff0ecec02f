/** What the map holds under the key; where it holds nothing, what `make` makes is put there. */
export function getOrCreate<Key, Value>(map: Map<Key, Value>, key: Key, make: () => NoInfer<Value>): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
