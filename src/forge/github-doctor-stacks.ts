import { posix } from "node:path";
import type { StackFacts } from "../domain/doctor-facts.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import { LEDGER_BRANCH, parseEntry } from "../ledger/entry.ts";
import type { DoctorRequest } from "./github-doctor-client.ts";
import { readText, readTree } from "./github-doctor-files.ts";
import { stackConfigDirIn } from "./stack-config-dir.ts";

/** So many are looked at. */
const MOST_STACKS = 50;

/**
 * The stacks of the ledger, whether or not their entries count, with their stack files as the project files among `files` (blob ids by
 * path, of the default branch) place them.
 */
export async function readStacks(
  request: DoctorRequest,
  repository: RepositoryName,
  files: ReadonlyMap<string, string>,
): Promise<StackFacts[]> {
  const tree = await readTree(request, repository, LEDGER_BRANCH);
  const paths = [...tree].filter(([path]) => /^stacks\/[^/]+\.json$/.test(path)).slice(0, MOST_STACKS);
  const texts = await Promise.all(
    paths.flatMap(([path, sha]) => readText(request, repository, path, sha) ?? []),
  );
  const stacks = texts.flatMap(({ path, text }) => {
    const parsed = parseEntry(text);
    if (parsed.kind !== "entry") return [];
    const { dir, stack } = parsed.entry;
    return [{ alias: path.slice("stacks/".length, -".json".length), dir, stack }];
  });
  const dirs = [...new Set(stacks.map(({ dir }) => dir))];
  const projects = new Map(
    await Promise.all(
      dirs.map(async (dir) => [dir, await readProject(request, repository, dir, files)] as const),
    ),
  );
  return stacks.map(({ alias, dir, stack }) => {
    const { stackConfigDir, extension } = projects.get(dir) ?? NO_PROJECT;
    return { alias, dir, path: posix.join(dir, stackConfigDir, `Pulumi.${stack}.${extension}`) };
  });
}

type Project = { stackConfigDir: string; extension: "yaml" | "yml" };
const NO_PROJECT: Project = { stackConfigDir: ".", extension: "yaml" };

async function readProject(
  request: DoctorRequest,
  repository: RepositoryName,
  dir: string,
  files: ReadonlyMap<string, string>,
): Promise<Project> {
  for (const extension of ["yaml", "yml"] as const) {
    const path = posix.join(dir, `Pulumi.${extension}`);
    const file = await readText(request, repository, path, files.get(path));
    if (file !== null) return { stackConfigDir: stackConfigDirIn(file.text), extension };
  }
  return NO_PROJECT;
}
