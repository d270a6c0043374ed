/** The fields of an object that are given, in their order. */
export function givenEntries(values: object): [string, unknown][] {
  const entries: [string, unknown][] = Object.entries(values);
  return entries.filter(([, value]) => value !== undefined);
}
