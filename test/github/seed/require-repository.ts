import { type Account, findRepository, type Repository, type World } from "../world.ts";

/** Throws for one that was never created: a mistake in the test. */
export function requireRepository(world: World, repo: string): Repository {
  const [owner = "", name = ""] = repo.split("/");
  const repository = findRepository(world, owner, name);
  if (repository === undefined)
    throw new Error(`There is no repository ${repo} on the GitHub stand-in; create it first.`);
  return repository;
}

/** Throws for one that was never created: a mistake in the test. */
export function requireAccount(world: World, login: string): Account {
  const account = world.accounts.get(login.toLowerCase());
  if (account === undefined)
    throw new Error(`There is no account ${login} on the GitHub stand-in; create it first.`);
  return account;
}
