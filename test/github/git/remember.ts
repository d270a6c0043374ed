/**
 * Answers about commits and trees are forever: asked once, they are kept. Without this, showing one pull request
 * again and again would start some six processes each time.
 */
export function remember<Value>(
  kept: Map<string, Promise<Value>>,
  key: string,
  find: () => Promise<Value>,
): Promise<Value> {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const found = find();
  kept.set(key, found);
  // A failure may be of the moment.
  found.catch(() => kept.delete(key));
  return found;
}
