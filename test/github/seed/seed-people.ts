import { readRef } from "../git/git-repository.ts";
import type { PeopleOnGitHub, PullChangeByPerson } from "../people.ts";
import { changePull } from "../pulls/change-pull.ts";
import { changeIssue } from "../repository/change-issue.ts";
import { addComment, deleteComment, editComment, findComment } from "../repository/comment-on-issue.ts";
import { addLabels, findOrCreateLabel, removeLabel } from "../repository/label-issue.ts";
import { lockIssue } from "../repository/lock-issue.ts";
import { moveRefs } from "../repository/move-refs.ts";
import { openIssue } from "../repository/open-issue.ts";
import { addReaction } from "../repository/react.ts";
import type { Repository, World } from "../world.ts";
import { handOfPerson } from "./hand-of-person.ts";
import { requireAccount, requireRepository } from "./require-repository.ts";

/** What people do, past the API and alone in the repository while they do it. */
export function seedPeople(world: World): PeopleOnGitHub {
  const inRepository = <Result>(
    repo: string,
    run: (repository: Repository) => Promise<Result> | Result,
  ): Promise<Result> => {
    const repository = requireRepository(world, repo);
    return repository.lock.run(async () => run(repository));
  };
  const change = (repo: string, number: number, wish: PullChangeByPerson): Promise<void> =>
    inRepository(repo, (repository) => changeConversation(world, repository, number, wish));
  return {
    comment: (repo, number, { author, body }) =>
      inRepository(
        repo,
        (repository) =>
          addComment(world, repository, requireNumber(repository, number), body, handOfPerson(world, author))
            .id,
      ),
    editComment: (repo, id, { by, body }) =>
      inRepository(repo, (repository) => {
        const { issue, comment } = requireComment(repository, id);
        editComment(world, repository, issue, comment, body, handOfPerson(world, by));
      }),
    deleteComment: (repo, id, { by }) =>
      inRepository(repo, (repository) => {
        const { issue, comment } = requireComment(repository, id);
        deleteComment(world, repository, issue, comment, handOfPerson(world, by));
      }),
    react: (repo, id, { by, content }) =>
      inRepository(repo, (repository) => {
        const { issue, comment } = requireComment(repository, id);
        return addReaction(world, { issue, reactions: comment.reactions }, content, requireAccount(world, by))
          .id;
      }),
    openIssue: (repo, { author, title, body = null, labels = [] }) =>
      inRepository(repo, async (repository) => {
        const hand = handOfPerson(world, author);
        return (await openIssue(world, repository, { title, body, labels }, hand)).number;
      }),
    changeIssue: change,
    changePull: change,
    close: (repo, number, by) => change(repo, number, { by, state: "closed" }),
    reopen: (repo, number, by) => change(repo, number, { by, state: "open" }),
    lock: (repo, number, by, reason) =>
      inRepository(repo, (repository) => {
        const lock = { reason: reason ?? null };
        return lockIssue(world, repository, requireNumber(repository, number), lock, handOfPerson(world, by));
      }),
    unlock: (repo, number, by) =>
      inRepository(repo, (repository) =>
        lockIssue(world, repository, requireNumber(repository, number), "unlocked", handOfPerson(world, by)),
      ),
    deleteBranch: (repo, branch, by) =>
      inRepository(repo, async (repository) => {
        const ref = `refs/heads/${branch}`;
        const before = await readRef(repository.git, ref);
        if (before === null) throw new Error(`There is no branch ${branch} in ${repo}.`);
        await moveRefs(world, repository, [{ ref, before, after: null }], handOfPerson(world, by));
      }),
  };
}

async function changeConversation(
  world: World,
  repository: Repository,
  number: number,
  wish: PullChangeByPerson,
): Promise<void> {
  const { by, addLabels: added = [], removeLabels: removed = [], ...change } = wish;
  const hand = handOfPerson(world, by);
  const issue = requireNumber(repository, number);
  const labels = added.map((name) => findOrCreateLabel(world, repository, name));
  await addLabels(world, repository, issue, labels, hand);
  for (const name of removed) await removeLabel(world, repository, issue, name, hand);
  if (Object.keys(change).length === 0) return;
  if (issue.kind === "pull-request") await changePull(world, repository, issue, change, hand);
  else changeIssue(world, repository, issue, change, hand);
}

function requireNumber(repository: Repository, number: number) {
  const issue = repository.issues.get(number);
  if (issue === undefined) throw new Error(`There is no issue or pull request ${number}.`);
  return issue;
}

function requireComment(repository: Repository, id: number) {
  const found = findComment(repository, id);
  if (found === null) throw new Error(`There is no comment ${id}.`);
  return found;
}
