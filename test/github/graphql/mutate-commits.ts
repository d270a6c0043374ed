import { canSee } from "../auth/permissions.ts";
import { readCommit, readEntry, readRef } from "../git/git-repository.ts";
import { RefConflictError } from "../git/refs.ts";
import { writeBlob } from "../git/write-objects.ts";
import type { TreeChange } from "../git/write-tree.ts";
import { GitHubError } from "../github-error.ts";
import { commitChanges } from "../repository/commit-changes.ts";
import { requireUnprotected } from "../repository/guard-branch.ts";
import { requireWorkflowPermission } from "../repository/guard-workflows.ts";
import { moveRefs } from "../repository/move-refs.ts";
import { findRepository, type Repository } from "../world.ts";
import type { GraphqlContext } from "./execute.ts";
import { requireNode } from "./find-node.ts";
import { couldNotResolve } from "./graphql-error.ts";
import { type MutationInput, mutate, refuse, writeContents } from "./mutation.ts";
import { viewCommit } from "./view-commit.ts";
import { viewRef } from "./view-ref.ts";

interface CreateCommitInput extends MutationInput {
  readonly branch: {
    readonly id?: string | null;
    readonly repositoryNameWithOwner?: string | null;
    readonly branchName?: string | null;
  };
  readonly message: { readonly headline: string; readonly body?: string | null };
  readonly fileChanges?: {
    readonly additions?: readonly { readonly path: string; readonly contents: string }[] | null;
    readonly deletions?: readonly { readonly path: string }[] | null;
  } | null;
  readonly expectedHeadOid: string;
}

export function commitMutations(context: GraphqlContext) {
  const { world } = context;
  return {
    createCommitOnBranch: ({ input }: { input: CreateCommitInput }) => {
      const { repository, ref } = findBranch(context, input.branch);
      return mutate(context, repository, writeContents, input, async (hand) => {
        const head = await readRef(repository.git, ref);
        if (head === null) throw couldNotResolve(`Could not resolve to a Ref with the name '${ref}'.`);
        if (head !== input.expectedHeadOid) throw staleHead(input.expectedHeadOid);
        const changes = await listChanges(repository, head, input);
        requireWorkflowPermission(
          context.caller,
          changes.map(({ path }) => path),
        );
        const { headline, body } = input.message;
        const message = body == null || body === "" ? headline : `${headline}\n\n${body}`;
        const oid = await commitChanges(world, repository, {
          base: head,
          parents: [head],
          changes,
          message,
          hand,
          signed: "always",
        });
        await requireUnprotected(repository, ref, oid, hand);
        try {
          await moveRefs(world, repository, [{ ref, before: head, after: oid }], hand);
        } catch (error) {
          if (error instanceof RefConflictError) throw staleHead(input.expectedHeadOid);
          throw error;
        }
        const commit = await readCommit(repository.git, oid);
        return {
          commit: () => (commit === null ? null : viewCommit(context, repository, commit)),
          ref: () => viewRef(context, repository, ref, oid),
        };
      });
    },
  };
}

/** Word for word as GitHub says it, the two spaces included. */
function staleHead(expected: string): GitHubError {
  return new GitHubError(
    409,
    `Expected branch to point to "${expected}" but it did not.  Pull and try again.`,
    {
      type: "STALE_DATA",
    },
  );
}

function findBranch(
  context: GraphqlContext,
  branch: CreateCommitInput["branch"],
): { readonly repository: Repository; readonly ref: string } {
  if (branch.id != null) {
    const { repository, rest } = requireNode(context, branch.id);
    return { repository, ref: rest };
  }
  const [owner = "", name = ""] = (branch.repositoryNameWithOwner ?? "").split("/");
  const repository = findRepository(context.world, owner, name);
  if (repository === undefined || !canSee(context.caller, repository)) {
    throw couldNotResolve(`Could not resolve to a Repository with the name '${owner}/${name}'.`);
  }
  return { repository, ref: `refs/heads/${(branch.branchName ?? "").replace(/^refs\/heads\//, "")}` };
}

async function listChanges(
  repository: Repository,
  head: string,
  input: CreateCommitInput,
): Promise<TreeChange[]> {
  const changes: TreeChange[] = [];
  for (const { path } of input.fileChanges?.deletions ?? []) {
    if ((await readEntry(repository.git, head, path)) === null) {
      throw refuse(`A path was requested for deletion which does not exist as of commit oid \`${head}\``);
    }
    changes.push({ kind: "remove", path });
  }
  for (const { path, contents } of input.fileChanges?.additions ?? []) {
    const known = await readEntry(repository.git, head, path);
    const oid = await writeBlob(repository.git, Buffer.from(contents, "base64"));
    changes.push({ kind: "set", path, oid, mode: known?.type === "blob" ? known.mode : "100644" });
  }
  return changes;
}
