/** The owners of a path, as CODEOWNERS says: its last line that fits. Empty: nobody, or a pattern that is not understood. */
export function ownersOf(codeOwners: string, path: string): string[] {
  let owners: string[] = [];
  for (const line of codeOwners.slice(0, 200_000).split("\n")) {
    const [pattern, ...names] = line
      .replace(/(^|\s)#.*$/, "")
      .trim()
      .split(/\s+/);
    if (pattern !== undefined && pattern !== "" && fits(pattern, path)) owners = names;
  }
  return owners;
}

/** As .gitignore has it, without brackets, which CODEOWNERS does not know. */
function fits(pattern: string, path: string): boolean {
  const inner = pattern.replace(/^\//, "").replace(/\/$/, "");
  const isAnchored = inner.includes("/") || pattern.startsWith("/");
  const wanted = [...(isAnchored ? [] : ["**"]), ...inner.split("/")];
  // A pattern that ends in `/*` reaches one folder only; any other that fits a folder has all that is in it.
  const parts = path.split("/");
  const reach = wanted.at(-1) === "*" && isAnchored ? [parts.length] : parts.map((_, index) => index + 1);
  const from = pattern.endsWith("/") ? reach.filter((count) => count < parts.length) : reach;
  return from.some((count) => fitsParts(wanted, parts.slice(0, count)));
}

function fitsParts(pattern: readonly string[], parts: readonly string[]): boolean {
  // One row of a table for each part of the pattern: linear in both, whatever `**` there are.
  let row = [true, ...parts.map(() => false)];
  for (const piece of pattern) {
    const next: boolean[] = [piece === "**" && row[0] === true];
    for (const [index, part] of parts.entries()) {
      const isHere =
        piece === "**"
          ? row[index + 1] === true || next[index] === true
          : row[index] === true && fitsName(piece, part);
      next.push(isHere);
    }
    row = next;
  }
  return row.at(-1) === true;
}

/** With `*` for any text and `?` for one sign. */
function fitsName(pattern: string, name: string): boolean {
  let row = [true, ...[...name].map(() => false)];
  for (const sign of pattern) {
    const next: boolean[] = [sign === "*" && row[0] === true];
    for (const [index, letter] of [...name].entries()) {
      const isHere =
        sign === "*"
          ? row[index + 1] === true || next[index] === true
          : row[index] === true && (sign === "?" || sign === letter);
      next.push(isHere);
    }
    row = next;
  }
  return row.at(-1) === true;
}
