import { copyCommit } from "../git/copy-commit.ts";
import { readRef } from "../git/git-repository.ts";
import { findMergeBase, isAncestor } from "../git/history.ts";
import { GitHubError } from "../github-error.ts";
import type { Hand } from "../webhooks/announce.ts";
import { forksOf, type Repository, type World } from "../world.ts";
import { announcePull } from "./announce-pull.ts";
import { openPulls, pointPullRef } from "./follow-refs.ts";
import type { PullRequest } from "./pull-request.ts";

export interface PullWish {
  readonly title: string;
  readonly body: string | null;
  /** `branch` or `owner:branch`. */
  readonly head: string;
  readonly base: string;
  readonly draft: "draft" | "ready";
}

/** Opens a pull request, or throws a 422 in GitHub's words. Runs inside the lock. */
export async function createPull(
  world: World,
  repository: Repository,
  wish: PullWish,
  hand: Hand,
): Promise<PullRequest> {
  const { headRepository, headRef } = findHead(world, repository, wish.head);
  const baseRef = wish.base.replace(/^refs\/heads\//, "");
  const headOid = await readRef(headRepository.git, `refs/heads/${headRef}`);
  const baseOid = await readRef(repository.git, `refs/heads/${baseRef}`);
  if (headOid === null) throw invalid("head", "Head sha can't be blank, Head ref must be a branch");
  if (baseOid === null) throw invalid("base", "Base sha can't be blank, Base ref must be a branch");
  const isSame = (pull: PullRequest): boolean =>
    pull.headRepository === headRepository && pull.headRef === headRef && pull.baseRef === baseRef;
  if (openPulls(repository).some(isSame)) {
    throw refused(`A pull request already exists for ${headRepository.owner.login}:${headRef}.`);
  }
  await copyCommit(headRepository.git, repository.git, headOid);
  if ((await findMergeBase(repository.git, baseOid, headOid)) === null) {
    throw refused(`The ${headRef} branch has no history in common with ${baseRef}`);
  }
  if (await isAncestor(repository.git, headOid, baseOid)) {
    throw refused(`No commits between ${baseRef} and ${headRef}`);
  }
  const pull: PullRequest = {
    kind: "pull-request",
    id: world.nextId(),
    number: nextNumber(repository),
    author: hand.account,
    appId: hand.app?.id ?? null,
    createdAt: world.now(),
    reactions: [],
    comments: [],
    labels: new Map(),
    title: wish.title,
    body: wish.body,
    state: "open",
    updatedAt: world.now(),
    closedAt: null,
    closedBy: null,
    reopened: null,
    baseChanged: null,
    conversationLock: null,
    headRepository,
    headRef,
    headOid,
    baseRef,
    baseOid,
    reviews: [],
    draft: wish.draft === "draft",
    lastPush: { by: headRepository.pushers.get(headRef) ?? hand.account, oid: headOid },
    queueEntry: null,
    merge: null,
    autoMerge: null,
    unknownReads: world.unknownMergeabilityReads,
  };
  repository.issues.set(pull.number, pull);
  await pointPullRef(repository, pull);
  await announcePull(world, repository, pull, hand, "opened");
  return pull;
}

/** A branch of this repository, or `owner:branch` of a fork of it. */
function findHead(
  world: World,
  repository: Repository,
  head: string,
): { readonly headRepository: Repository; readonly headRef: string } {
  const [, owner, branch = head] = /^([^:]+):(.+)$/.exec(head) ?? [];
  const isNamed = ({ owner: { login } }: Repository): boolean => login.toLowerCase() === owner?.toLowerCase();
  const headRepository =
    owner === undefined || isNamed(repository) ? repository : forksOf(world, repository).find(isNamed);
  if (headRepository === undefined) throw invalid("head", "Head repository can't be blank");
  return { headRepository, headRef: branch.replace(/^refs\/heads\//, "") };
}

/** Issues and pull requests share one row of numbers. */
export function nextNumber(repository: Repository): number {
  return repository.issues.size + 1;
}

function invalid(field: string, message: string): GitHubError {
  return new GitHubError(422, "Validation Failed", {
    errors: [{ resource: "PullRequest", field, code: "invalid", message }],
    type: "UNPROCESSABLE",
  });
}

function refused(message: string): GitHubError {
  return new GitHubError(422, "Validation Failed", {
    errors: [{ resource: "PullRequest", code: "custom", message }],
    type: "UNPROCESSABLE",
  });
}
