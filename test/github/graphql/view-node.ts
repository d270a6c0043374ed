import { readCommit, readRef } from "../git/git-repository.ts";
import { parseNodeId } from "../node-id.ts";
import { findComment } from "../repository/comment-on-issue.ts";
import type { GraphqlContext } from "./execute.ts";
import { requireNode, requirePullNode } from "./find-node.ts";
import { couldNotResolve } from "./graphql-error.ts";
import { viewActor } from "./view-account.ts";
import { viewCheckRun } from "./view-checks.ts";
import { viewCommit } from "./view-commit.ts";
import { viewComment, viewIssue, viewLabel } from "./view-conversation.ts";
import { viewObject } from "./view-git-object.ts";
import { viewPull } from "./view-pull.ts";
import { viewRef } from "./view-ref.ts";
import { viewRepository } from "./view-repository.ts";

/** The `Node` behind an id. Throws NOT_FOUND for one that leads nowhere, or where the caller may not look. */
export async function viewNode(context: GraphqlContext, id: string): Promise<object> {
  const account = findAccount(context, id);
  if (account !== undefined) return viewActor(context.world, account);
  const { kind, repository, rest } = requireNode(context, id);
  const view = await (async (): Promise<object | null> => {
    switch (kind) {
      case "Repository":
        return viewRepository(context, repository);
      case "PullRequest":
        return viewPull(context, repository, requirePullNode(context, id).pull);
      case "Issue": {
        const issue = repository.issues.get(Number(rest));
        return issue?.kind === "issue" ? viewIssue(context, repository, issue) : null;
      }
      case "Ref": {
        const oid = await readRef(repository.git, rest);
        return oid === null ? null : viewRef(context, repository, rest, oid);
      }
      case "Commit": {
        const commit = await readCommit(repository.git, rest);
        return commit === null ? null : viewCommit(context, repository, commit);
      }
      case "Blob":
      case "Tree":
        return viewObject(context, repository, rest);
      case "Label": {
        const label = [...repository.labels.values()].find((one) => String(one.id) === rest);
        return label === undefined ? null : viewLabel(context, repository, label);
      }
      case "IssueComment": {
        const found = findComment(repository, Number(rest));
        return found === null ? null : viewComment(context, repository, found.issue, found.comment);
      }
      case "CheckRun": {
        const run = repository.checkRuns.find((one) => String(one.id) === rest);
        return run === undefined ? null : viewCheckRun(context, repository, run);
      }
      default:
        throw new Error(`GitHub stand-in: node() does not give a ${kind} yet; see its README.md.`);
    }
  })();
  if (view === null) throw couldNotResolve(`Could not resolve to a node with the global id of '${id}'`);
  return view;
}

function findAccount(context: GraphqlContext, id: string) {
  const parsed = parseNodeId(id);
  if (parsed === null || !["User", "Organization", "Bot"].includes(parsed.kind)) return undefined;
  return [...context.world.accounts.values()].find((account) => String(account.id) === parsed.parts[0]);
}
