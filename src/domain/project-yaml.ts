import { parse } from "yaml";

/** More than this is nobody's project file. */
const LONGEST_PROJECT_FILE = 100_000;

/** What the text of a Pulumi project file holds; undefined where it is none. A key that stands twice is nothing to stumble over here. */
export function projectYaml(text: string): unknown {
  if (text.length > LONGEST_PROJECT_FILE) return undefined;
  try {
    return parse(text, { maxAliasCount: 50, uniqueKeys: false });
  } catch {
    return undefined;
  }
}
