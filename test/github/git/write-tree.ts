import { runGitText } from "./git-process.ts";
import { type GitRepository, readObject } from "./git-repository.ts";
import { parseTree } from "./parse-tree.ts";

/** Sets `path` to a blob, a submodule or (mode 040000) a whole tree; or removes it and everything below. */
export type TreeChange =
  | { readonly kind: "set"; readonly path: string; readonly mode: string; readonly oid: string }
  | { readonly kind: "remove"; readonly path: string };

/** A path that git does not allow in a tree: empty parts, `.`, `..` and `.git`. */
export class MalformedPathError extends Error {
  readonly code = "malformed-path";

  constructor(path: string) {
    super(`${JSON.stringify(path)} is no path in a git tree`);
    this.name = "MalformedPathError";
  }
}

/**
 * Writes the tree that `base` (a tree or commit; null: the empty tree) becomes by the changes.
 * Throws {@link MalformedPathError}.
 */
export async function writeTree(
  git: GitRepository,
  base: string | null,
  changes: readonly TreeChange[],
): Promise<string> {
  const root: Node = { change: null, children: new Map() };
  for (const change of changes) plant(root, change);
  const tree = base === null ? null : await readObject(git, `${base}^{tree}`);
  return (await build(git, tree?.oid ?? null, root)) ?? writeTreeObject(git, []);
}

interface Node {
  change: TreeChange | null;
  readonly children: Map<string, Node>;
}

interface Entry {
  readonly name: string;
  readonly mode: string;
  readonly oid: string;
}

const directoryMode = "040000";

function plant(root: Node, change: TreeChange): void {
  let node = root;
  for (const name of change.path.split("/")) {
    if (/^(\.{0,2}|\.git)$/i.test(name) || name.includes("\0")) throw new MalformedPathError(change.path);
    const child = node.children.get(name) ?? { change: null, children: new Map() };
    node.children.set(name, child);
    node = child;
  }
  node.change = change;
}

/** Null: nothing is left, and git has no empty directories. */
async function build(git: GitRepository, base: string | null, node: Node): Promise<string | null> {
  const object = base === null ? null : await readObject(git, base);
  const entries = new Map<string, Entry>(
    object === null ? [] : parseTree(object.content).map((entry) => [entry.name, entry]),
  );
  for (const [name, child] of node.children) {
    if (child.change?.kind === "set") {
      entries.set(name, { name, mode: child.change.mode, oid: child.change.oid });
    } else if (child.change?.kind === "remove") {
      entries.delete(name);
    }
    if (child.children.size === 0) continue;
    const known = entries.get(name);
    const below = await build(git, known?.mode === directoryMode ? known.oid : null, child);
    // A file may take the place of a directory whose files are removed in the same breath.
    if (below === null && child.change?.kind !== "set") entries.delete(name);
    if (below !== null) entries.set(name, { name, mode: directoryMode, oid: below });
  }
  return entries.size === 0 ? null : writeTreeObject(git, [...entries.values()]);
}

async function writeTreeObject(git: GitRepository, entries: readonly Entry[]): Promise<string> {
  const sorted = [...entries].sort((one, other) => Buffer.compare(sortKey(one), sortKey(other)));
  const parts = sorted.flatMap(({ name, mode, oid }) => [
    Buffer.from(`${mode.replace(/^0/, "")} ${name}\0`),
    Buffer.from(oid, "hex"),
  ]);
  return runGitText(git.directory, ["hash-object", "-w", "-t", "tree", "--stdin"], {
    stdin: Buffer.concat(parts),
  });
}

/** Git sorts a directory as if its name ended in a slash. */
function sortKey({ name, mode }: Entry): Buffer {
  return Buffer.from(mode === directoryMode ? `${name}/` : name);
}
