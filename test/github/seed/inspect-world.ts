import { readObject, readRef } from "../git/git-repository.ts";
import { listCommits } from "../git/history.ts";
import { listRefs } from "../git/refs.ts";
import type { GitHubStandIn } from "../github-stand-in.ts";
import type { World } from "../world.ts";
import { requireRepository } from "./require-repository.ts";

type Inspection = Pick<GitHubStandIn, "readRef" | "readFile" | "readLog" | "listBranches">;

/** Looks into the bare repositories, past the API. */
export function inspectWorld(world: World): Inspection {
  return {
    readRef: (repo, ref) =>
      readRef(requireRepository(world, repo).git, ref.startsWith("refs/") ? ref : `refs/heads/${ref}`),
    readFile: async (repo, path, revision) => {
      const repository = requireRepository(world, repo);
      const object = await readObject(
        repository.git,
        `${revision ?? repository.settings.default_branch}:${path}`,
      );
      return object?.type === "blob" ? object.content.toString("utf8") : null;
    },
    readLog: async (repo, revision, path) => {
      const repository = requireRepository(world, repo);
      const commits = await listCommits(repository.git, {
        from: revision ?? repository.settings.default_branch,
        ...(path === undefined ? {} : { path }),
      });
      return commits.map(({ oid, parents, message, author, committer }) => ({
        oid,
        parents,
        message,
        author: { name: author.name, email: author.email },
        committer: { name: committer.name, email: committer.email },
        committedAt: committer.date,
      }));
    },
    listBranches: async (repo) =>
      [...(await listRefs(requireRepository(world, repo).git, "refs/heads/")).keys()].map((ref) =>
        ref.slice("refs/heads/".length),
      ),
  };
}
