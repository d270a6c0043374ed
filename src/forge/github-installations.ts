import type { GitHubClients } from "./github-clients.ts";
import { toForgeError } from "./github-errors.ts";
import { listStacks, type StackListing } from "./github-registry.ts";

export type RepositoryName = { owner: string; repo: string };

export type ListedRepository = RepositoryName & StackListing;

/** Every repository that the App is installed on, as GitHub lists them. */
export async function* listInstalledRepositories(clients: GitHubClients): AsyncGenerator<RepositoryName> {
  try {
    const app = await clients.app();
    const installations = await app.paginate("GET /app/installations", { per_page: 100 });
    for (const { id, suspended_at } of installations) {
      if (suspended_at != null) continue;
      const client = await clients.installation(id);
      const repositories = await client.paginate("GET /installation/repositories", { per_page: 100 });
      for (const { name, owner, archived } of repositories) {
        if (archived) continue;
        clients.learn(owner.login, name, id);
        yield { owner: owner.login, repo: name };
      }
    }
  } catch (error) {
    throw toForgeError(error, "listing the App's installations");
  }
}

/** The stacks of one installed repository. */
export async function readRepository(
  clients: GitHubClients,
  { owner, repo }: RepositoryName,
): Promise<ListedRepository> {
  const client = await clients.clientFor(owner, repo);
  return { owner, repo, ...(await listStacks(client, owner, repo)) };
}
