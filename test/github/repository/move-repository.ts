import { rm } from "node:fs/promises";
import { renderAccount } from "../render/account.ts";
import { renderOrganization } from "../render/team.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import { announceRepositories } from "../webhooks/change-installation.ts";
import { type Account, fullName, type Installation, type Repository, type World } from "../world.ts";

/** Gives a repository another name; the old one leads to it until someone else takes it. */
export function renameRepository(world: World, repository: Repository, name: string, hand: Hand): void {
  const from = repository.name;
  move(world, repository, () => {
    repository.name = name;
  });
  announce(world, repository, hand, "repository", "renamed", {
    changes: { repository: { name: { from } } },
  });
}

/** Hands a repository over. Installations of the old owner lose it, those of the new one that take all get it. */
export function transferRepository(world: World, repository: Repository, owner: Account, hand: Hand): void {
  const from = repository.owner;
  for (const installation of installationsThatReach(world, repository)) {
    announceRepositories(world, installation, "removed", [repository], hand.account);
    if (installation.repositories !== "all") installation.repositories.delete(repository.id);
  }
  for (const team of from.organization?.teams.values() ?? []) team.repositories.delete(repository.id);
  move(world, repository, () => {
    repository.owner = owner;
  });
  repository.collaborators.delete(owner.login.toLowerCase());
  if (from.kind === "User")
    repository.collaborators.set(from.login.toLowerCase(), { account: from, role: "admin" });
  for (const installation of installationsThatReach(world, repository))
    announceRepositories(world, installation, "added", [repository], hand.account);
  const before =
    from.kind === "Organization"
      ? { organization: renderOrganization(world, from) }
      : { user: renderAccount(world, from) };
  announce(world, repository, hand, "repository", "transferred", { changes: { owner: { from: before } } });
}

/** Takes a repository away with its git; no name leads to it any more. */
export async function deleteRepository(world: World, repository: Repository, hand: Hand): Promise<void> {
  announce(world, repository, hand, "repository", "deleted", {});
  world.repositories.delete(fullName(repository).toLowerCase());
  for (const [name, target] of world.redirects) if (target === repository) world.redirects.delete(name);
  for (const { repositories } of world.installations.values())
    if (repositories !== "all") repositories.delete(repository.id);
  await repository.git.reader.close();
  await rm(repository.git.directory, { recursive: true, force: true });
}

function move(world: World, repository: Repository, change: () => void): void {
  const before = fullName(repository).toLowerCase();
  world.repositories.delete(before);
  world.redirects.set(before, repository);
  change();
  const after = fullName(repository).toLowerCase();
  if (world.repositories.has(after)) throw new Error(`There is a repository ${after} already.`);
  world.redirects.delete(after);
  world.repositories.set(after, repository);
  repository.updatedAt = world.now();
}

function installationsThatReach(world: World, repository: Repository): Installation[] {
  return [...world.installations.values()].filter(
    ({ account, repositories }) =>
      account === repository.owner && (repositories === "all" || repositories.has(repository.id)),
  );
}
