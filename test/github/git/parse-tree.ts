export interface TreeEntry {
  readonly name: string;
  /** Six digits, as GitHub writes it: `100644`, `040000`. */
  readonly mode: string;
  readonly type: "blob" | "tree" | "commit";
  readonly oid: string;
}

/** Parses the raw content of a tree object. */
export function parseTree(content: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  let position = 0;
  while (position < content.length) {
    const space = content.indexOf(0x20, position);
    const end = content.indexOf(0, space);
    const mode = content.toString("latin1", position, space).padStart(6, "0");
    entries.push({
      name: content.toString("utf8", space + 1, end),
      mode,
      type: mode === "040000" ? "tree" : mode === "160000" ? "commit" : "blob",
      oid: content.toString("hex", end + 1, end + 21),
    });
    position = end + 21;
  }
  return entries;
}
