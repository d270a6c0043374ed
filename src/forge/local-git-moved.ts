import { joinHistories } from "../domain/join-histories.ts";
import type { FileCommit } from "../domain/snapshot.ts";
import type { StackPlace } from "./forge.ts";
import { type FileHistory, readFileHistory } from "./local-git-history.ts";
import { readFiles } from "./local-git-objects.ts";
import type { LocalRepository } from "./local-repository.ts";

/** As `readFileHistory`, with what happened at the paths at which the stack's file stood before. */
export async function readStackHistory(
  repository: LocalRepository,
  headOid: string,
  { path, formerPaths = [] }: Pick<StackPlace, "path" | "formerPaths">,
  sinceMs: number,
  alsoRead: readonly string[],
): Promise<FileHistory> {
  const own = await readFileHistory(repository, headOid, path, sinceMs, alsoRead);
  if (formerPaths.length === 0) return own;
  const formers = await Promise.all(
    formerPaths.map((former) => readFileHistory(repository, headOid, former, sinceMs, [])),
  );
  const commits = await readFormerFiles(repository, own.commits, formerPaths);
  return { ...own, commits: joinHistories({ ...own, commits }, formers) };
}

/** Gives each commit that adds the file the one that its parent has at a former path. */
async function readFormerFiles(
  repository: LocalRepository,
  commits: readonly FileCommit[],
  formerPaths: readonly string[],
): Promise<FileCommit[]> {
  const namesOf = ({ oid, before }: FileCommit) =>
    before.kind === "missing" ? formerPaths.map((path) => `${oid}^:${path}`) : [];
  const files = await readFiles(repository, commits.flatMap(namesOf));
  return commits.map((commit) => {
    const found = namesOf(commit).flatMap((name) => files.get(name) ?? []);
    return { ...commit, before: found.find(({ kind }) => kind !== "missing") ?? commit.before };
  });
}
