import type { StackFile } from "../domain/snapshot.ts";
import { parseFile, readObjects } from "./git-objects.ts";
import type { LocalRepository } from "./local-repository.ts";

/** `.github/pulumiscale.yml` as the checked out branch has it. Throws `GitError`. */
export async function readRepositoryFile({ git, root }: LocalRepository): Promise<StackFile> {
  const [object] = await readObjects(git, root, ["HEAD:.github/pulumiscale.yml"]);
  return parseFile(object ?? null);
}
