import type { GitHubClient } from "./github-octokit.ts";
import type { Lackable } from "./github-server.ts";

/** Asks by GraphQL; where the server does not know something that is `optional`, once more without it. Throws as Octokit does. */
export async function askGraphql(
  client: GitHubClient,
  query: string,
  variables: Record<string, unknown>,
): Promise<unknown> {
  for (;;) {
    const known = client.server.trim(query);
    try {
      return await client.graphql(known, variables);
    } catch (error) {
      client.server.learnFrom(error);
      if (client.server.trim(query) === known) throw error;
    }
  }
}

/** Does a thing by these mutations, or in another way on a server that has not all of them: then nothing of it was done. */
export async function mutateOr<T>(
  { server }: GitHubClient,
  mutations: readonly Lackable[],
  mutate: () => Promise<T>,
  instead: () => Promise<T>,
): Promise<T> {
  if (server.lacks(...mutations)) return instead();
  try {
    return await mutate();
  } catch (error) {
    server.learnFrom(error);
    if (server.lacks(...mutations)) return instead();
    throw error;
  }
}
