import type { RepositoryName } from "../domain/repository-name.ts";
import type { LedgerJudge } from "../ledger/ledger-judge.ts";
import type { GitHubClients } from "./github-clients.ts";
import { toForgeError } from "./github-errors.ts";
import { listStacks, type StackListing } from "./github-registry.ts";

export type ListedRepository = RepositoryName & StackListing;

/** Every repository that the App is installed on, as GitHub lists them. An installation that fails is told and left out. */
export async function* listInstalledRepositories(
  clients: GitHubClients,
  onSkipped: (error: unknown) => void,
): AsyncGenerator<RepositoryName & { lastPush: string }> {
  const failed = new Map<number, unknown>();
  // One that fails is asked once more, at the end: nobody of it would be known until the next listing.
  for (const ids of [await listInstallations(clients), failed.keys()]) yield* listEach(ids);
  for (const [id, error] of failed)
    onSkipped(toForgeError(error, `listing the repositories of installation ${id}`));

  async function* listEach(ids: Iterable<number>) {
    for (const id of [...ids]) {
      try {
        yield* listOne(id);
        failed.delete(id);
      } catch (error) {
        failed.set(id, error);
      }
    }
  }

  async function* listOne(id: number) {
    const client = await clients.installation(id);
    const repositories = await client.paginate("GET /installation/repositories", { per_page: 100 });
    for (const { name, owner, archived, pushed_at } of repositories) {
      if (archived) continue;
      clients.learn(owner.login, name, id);
      yield { owner: owner.login, repo: name, lastPush: pushed_at ?? "" };
    }
  }
}

async function listInstallations(clients: GitHubClients): Promise<number[]> {
  try {
    const app = await clients.app();
    const installations = await app.paginate("GET /app/installations", { per_page: 100 });
    return installations.filter(({ suspended_at }) => suspended_at == null).map(({ id }) => id);
  } catch (error) {
    throw toForgeError(error, "listing the App's installations");
  }
}

/** The stacks of one installed repository. */
export async function readRepository(
  clients: GitHubClients,
  { owner, repo }: RepositoryName,
  ledger: Pick<LedgerJudge, "judge">,
  appId: number,
): Promise<ListedRepository> {
  const client = await clients.clientFor(owner, repo);
  return { owner, repo, ...(await listStacks(client, owner, repo, ledger, appId)) };
}
