import type { RepositoryLives } from "../people.ts";
import { deleteRepository, renameRepository, transferRepository } from "../repository/move-repository.ts";
import { renameBranch, setDefaultBranch } from "../repository/rename-branch.ts";
import type { Repository, World } from "../world.ts";
import { handOfPerson } from "./hand-of-person.ts";
import { requireAccount, requireRepository } from "./require-repository.ts";

/** What becomes of repositories as a whole. */
export function seedLives(world: World): RepositoryLives {
  const alone = (repo: string, run: (repository: Repository) => Promise<void> | void): Promise<void> => {
    const repository = requireRepository(world, repo);
    return repository.lock.run(async () => run(repository));
  };
  return {
    renameRepository: (repo, name, by) =>
      alone(repo, (repository) => renameRepository(world, repository, name, handOfPerson(world, by))),
    transferRepository: (repo, owner, by) =>
      alone(repo, (repository) =>
        transferRepository(world, repository, requireAccount(world, owner), handOfPerson(world, by)),
      ),
    deleteRepository: (repo, by) =>
      alone(repo, (repository) => deleteRepository(world, repository, handOfPerson(world, by))),
    renameBranch: (repo, from, to, by) =>
      alone(repo, (repository) => renameBranch(world, repository, from, to, handOfPerson(world, by))),
    setDefaultBranch: (repo, branch, by) =>
      alone(repo, (repository) => setDefaultBranch(world, repository, branch, handOfPerson(world, by))),
  };
}
