import type { StackFile } from "../domain/snapshot.ts";
import { decodeFile } from "./decode-file.ts";
import type { Git } from "./git.ts";

/** An object of git's store. */
export type GitObject = { oid: string; type: string; bytes: Buffer };

/**
 * Reads objects by their names (`<commit>:<path>`, a ref, an id) with one process; null for what is not there. In the
 * order of the names. Throws `GitError`.
 */
export async function readObjects(
  git: Git,
  cwd: string,
  names: readonly string[],
): Promise<(GitObject | null)[]> {
  if (names.length === 0) return [];
  const input = names.map((name) => `${name}\0`).join("");
  const answer = await git.run(["cat-file", "--batch", "-z"], { cwd, input });
  let at = 0;
  return names.map((name) => {
    const header = /^([0-9a-f]{40,64}) ([a-z]+) (\d+)\n/.exec(answer.toString("latin1", at, at + 120));
    const [line = "", oid = "", type = "", size = "0"] = header ?? [];
    if (header === null) {
      // The name comes back as it was given, and a path may hold line ends.
      const named = Buffer.from(`${name} `);
      const isEcho = answer.subarray(at, at + named.length).equals(named);
      at = answer.indexOf("\n", isEcho ? at + named.length : at) + 1;
      return null;
    }
    const start = at + line.length;
    const end = start + Number(size);
    at = end + 1;
    return { oid, type, bytes: answer.subarray(start, end) };
  });
}

/** What a folder holds: name → id. Null for anything but a folder. */
export function parseTree(object: GitObject | null): Map<string, string> | null {
  if (object?.type !== "tree") return null;
  const entries = new Map<string, string>();
  const idBytes = object.oid.length / 2;
  for (let at = 0; at < object.bytes.length; ) {
    const nameAt = object.bytes.indexOf(" ", at) + 1;
    const idAt = object.bytes.indexOf(0, nameAt) + 1;
    const name = object.bytes.toString("utf8", nameAt, idAt - 1);
    entries.set(name, object.bytes.toString("hex", idAt, idAt + idBytes));
    at = idAt + idBytes;
  }
  return entries;
}

/** The text of a file in git. */
export function parseFile(object: GitObject | null): StackFile {
  return object?.type === "blob" ? decodeFile(object.bytes) : { kind: "missing" };
}
