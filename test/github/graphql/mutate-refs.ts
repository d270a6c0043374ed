import { readObject, readRef } from "../git/git-repository.ts";
import { isAncestor } from "../git/history.ts";
import { isRefName, RefConflictError, type RefUpdate } from "../git/refs.ts";
import { createRef } from "../repository/create-ref.ts";
import { requireUnprotected } from "../repository/guard-branch.ts";
import { moveRefs } from "../repository/move-refs.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository } from "../world.ts";
import type { GraphqlContext } from "./execute.ts";
import { requireNode } from "./find-node.ts";
import { couldNotResolve } from "./graphql-error.ts";
import { type MutationInput, mutate, refuse, writeContents } from "./mutation.ts";
import { viewRef } from "./view-ref.ts";

interface CreateRefInput extends MutationInput {
  readonly repositoryId: string;
  readonly name: string;
  readonly oid: string;
}

interface UpdateRefInput extends MutationInput {
  readonly refId: string;
  readonly oid: string;
  readonly force?: boolean | null;
}

interface UpdateRefsInput extends MutationInput {
  readonly repositoryId: string;
  readonly refUpdates: readonly {
    readonly name: string;
    readonly afterOid: string;
    readonly beforeOid?: string | null;
    readonly force?: boolean | null;
  }[];
}

const noObject = "0".repeat(40);

export function branchMutations(context: GraphqlContext) {
  const { world } = context;
  return {
    createRef: ({ input }: { input: CreateRefInput }) => {
      const { repository } = requireNode(context, input.repositoryId);
      return mutate(context, repository, writeContents, input, async (hand) => {
        if (!input.name.startsWith("refs/")) throw refuse(`Name ${input.name} must start with refs/`);
        await requireObject(repository, input.oid);
        const taken = (await readRef(repository.git, input.name)) !== null;
        if (taken) throw refuse(`A ref named "${input.name}" already exists in the repository.`);
        await requireUnprotected(repository, input.name, input.oid, hand);
        await createRef(world, repository, input.name, input.oid, hand);
        return { ref: () => viewRef(context, repository, input.name, input.oid) };
      });
    },

    updateRef: ({ input }: { input: UpdateRefInput }) => {
      const { repository, rest: ref } = requireNode(context, input.refId);
      return mutate(context, repository, writeContents, input, async (hand) => {
        const before = await requireRef(repository, ref, input.refId);
        const update = { ref, before, after: input.oid };
        await checkUpdate(repository, update, input.force === true ? "force" : "fast-forward", hand);
        await moveRefs(world, repository, [update], hand);
        return { ref: () => viewRef(context, repository, ref, input.oid) };
      });
    },

    updateRefs: ({ input }: { input: UpdateRefsInput }) => {
      const { repository } = requireNode(context, input.repositoryId);
      return mutate(context, repository, writeContents, input, async (hand) => {
        const updates: RefUpdate[] = [];
        for (const { name, afterOid, beforeOid, force } of input.refUpdates) {
          if (!(await isRefName(name))) throw refuse(`Invalid ref name: ${name}`);
          const current = await readRef(repository.git, name);
          if (beforeOid != null && beforeOid !== (current ?? noObject)) {
            throw refuse(
              `Reference cannot be updated: ${name} is at ${current ?? noObject} but expected ${beforeOid}`,
            );
          }
          const update = { ref: name, before: current, after: afterOid === noObject ? null : afterOid };
          await checkUpdate(repository, update, force === true ? "force" : "fast-forward", hand);
          updates.push(update);
        }
        try {
          await moveRefs(world, repository, updates, hand);
        } catch (error) {
          if (error instanceof RefConflictError)
            throw refuse(`Reference cannot be updated: ${error.message}`);
          throw error;
        }
        return {};
      });
    },

    deleteRef: ({ input }: { input: MutationInput & { readonly refId: string } }) => {
      const { repository, rest: ref } = requireNode(context, input.refId);
      return mutate(context, repository, writeContents, input, async (hand) => {
        const before = await requireRef(repository, ref, input.refId);
        if (ref === `refs/heads/${repository.settings.default_branch}`)
          throw refuse("Cannot delete the default branch");
        await requireUnprotected(repository, ref, null, hand);
        await moveRefs(world, repository, [{ ref, before, after: null }], hand);
        return {};
      });
    },
  };
}

async function checkUpdate(
  repository: Repository,
  update: RefUpdate,
  mode: "force" | "fast-forward",
  hand: Hand,
): Promise<void> {
  const { ref, before, after } = update;
  if (after !== null) await requireObject(repository, after);
  if (
    mode === "fast-forward" &&
    before !== null &&
    after !== null &&
    !(await isAncestor(repository.git, before, after))
  ) {
    throw refuse("Update is not a fast forward");
  }
  await requireUnprotected(repository, ref, after, hand);
}

async function requireObject(repository: Repository, oid: string): Promise<void> {
  if (!/^[0-9a-f]{40}$/.test(oid) || (await readObject(repository.git, oid)) === null) {
    throw couldNotResolve(`Could not resolve to a git object with oid '${oid}'.`);
  }
}

async function requireRef(repository: Repository, ref: string, id: string): Promise<string> {
  const oid = await readRef(repository.git, ref);
  if (oid === null) throw couldNotResolve(`Could not resolve to a node with the global id of '${id}'`);
  return oid;
}
