import { z } from "zod";
import { type DeployPlace, foldersToRead, type ProgramState } from "../apply/apply-forge.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { readBlobText } from "./github-blob.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { BLOB_FIELDS, BlobAnswer } from "./github-snapshot-file.ts";

const Tree = z.object({ entries: z.array(z.object({ name: z.string(), oid: z.string() })).nullable() });

/** What stands at a path: a file, a folder, or nothing. */
export const GitObject = z.union([BlobAnswer, Tree]).nullable();
type GitObject = z.infer<typeof GitObject>;

/** The parts of a GraphQL query that read git objects by `<commit>:<path>`: each one a field with a variable of its own. */
export type ObjectFields = {
  fields: string;
  /** Variable declarations, each with a comma before it. */
  declarations: string;
  variables: Record<string, string>;
};

export const OBJECT_FRAGMENT = `
fragment gitObject on GitObject {
  ... on Blob { ${BLOB_FIELDS} }
  ... on Tree { entries { name oid } }
}`;

/**
 * Fields that read the stack's part of each commit: the entries of its folders, and the stack file. A folder's entries
 * carry the ids of what is below them, so comparing them compares everything, however large the program is.
 */
export function programFields(place: DeployPlace, commits: readonly string[]): ObjectFields {
  const asked = commits.flatMap((commit, index) =>
    pathsOf(place).map(({ key, path }) => ({ name: `${key}_${index}`, expression: `${commit}:${path}` })),
  );
  return {
    fields: asked.map(({ name }) => `${name}: object(expression: $${name}) { ...gitObject }`).join("\n    "),
    declarations: asked.map(({ name }) => `, $${name}: String!`).join(""),
    variables: Object.fromEntries(asked.map(({ name, expression }) => [name, expression])),
  };
}

/** The same as fields of a commit, so that they belong to the very commit that a branch points to. */
export function commitFields(place: DeployPlace): ObjectFields {
  const files = pathsOf(place).filter(({ path }) => path !== "");
  const fields = files.map(({ key }) => `${key}: file(path: $${key}) { object { ...gitObject } }`);
  return {
    fields: [...(place.dir === "." ? ["folder0: tree { ...gitObject }"] : []), ...fields].join("\n        "),
    declarations: files.map(({ key }) => `, $${key}: String!`).join(""),
    variables: Object.fromEntries(files.map(({ key, path }) => [key, path])),
  };
}

type Answer = Readonly<Record<string, unknown>>;

/** Reads the answer to `programFields`; null for a commit or directory that is not there. */
export async function readProgramStates(
  client: GitHubClient,
  place: DeployPlace,
  commits: readonly string[],
  answer: Answer,
): Promise<Map<string, ProgramState | null>> {
  const states = new Map<string, ProgramState | null>();
  for (const [index, commit] of commits.entries()) {
    const find = (key: string) => GitObject.parse(answer[`${key}_${index}`] ?? null);
    states.set(commit, await readState(client, place, find));
  }
  return states;
}

/** Reads the answer to `commitFields`. */
export function readCommitState(
  client: GitHubClient,
  place: DeployPlace,
  answer: Answer,
): Promise<ProgramState | null> {
  return readState(client, place, (key) => {
    const found = GitObject.or(z.object({ object: GitObject })).parse(answer[key] ?? null);
    return found !== null && "object" in found ? found.object : found;
  });
}

async function readState(
  client: GitHubClient,
  place: DeployPlace,
  find: (key: string) => GitObject,
): Promise<ProgramState | null> {
  const folders = new Map<string, ReadonlyMap<string, string>>();
  let stackFile: StackFile = { kind: "missing" };
  for (const { key, folder } of pathsOf(place)) {
    const found = find(key);
    if (folder === null) stackFile = await readStackFile(client, place, found);
    else if (found !== null && "entries" in found) folders.set(folder, entriesOf(found.entries));
  }
  return folders.has(place.dir) ? { folders, stackFile } : null;
}

/** The text of what was found at the stack file's path. */
export async function readStackFile(
  client: GitHubClient,
  place: DeployPlace,
  found: GitObject,
): Promise<StackFile> {
  if (found === null || !("byteSize" in found)) return { kind: "missing" };
  return readBlobText(client, place, found);
}

function pathsOf(place: DeployPlace): { key: string; folder: string | null; path: string }[] {
  const folders = foldersToRead(place).map((folder, depth) => ({
    key: `folder${depth}`,
    folder,
    // Git calls the root by an empty path.
    path: folder === "." ? "" : folder,
  }));
  return [...folders, { key: "file", folder: null, path: place.stackFilePath }];
}

function entriesOf(entries: readonly { name: string; oid: string }[] | null): Map<string, string> {
  return new Map((entries ?? []).map(({ name, oid }) => [name, oid]));
}
