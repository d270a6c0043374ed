import { handOf } from "../auth/caller.ts";
import { listRefs } from "../git/refs.ts";
import { mergeWhatIsReady } from "../pulls/auto-merge.ts";
import { renderAccount } from "../render/account.ts";
import { renderCommit } from "../render/commit.ts";
import { renderMinimalRepository, repositoryUrl } from "../render/repository.ts";
import { renderStatus } from "../render/status.ts";
import { formatTime } from "../render/time.ts";
import type { CommitStatus } from "../repository/commit-marks.ts";
import { requireCommit } from "../repository/resolve-commit.ts";
import { latestStatuses, summarizeStatuses } from "../repository/summarize-checks.ts";
import { announce } from "../webhooks/announce.ts";
import { fullName } from "../world.ts";
import { list, type RestHandlers } from "./operation.ts";

export const statusOperations = {
  "repos/create-commit-status": async ({ world, repository, path, body, caller }) => {
    const commit = await requireCommit(repository, path.sha);
    const hand = handOf(world, caller);
    const status: CommitStatus = {
      id: world.nextId(),
      sha: commit.oid,
      context: body.context ?? "default",
      state: body.state,
      description: body.description ?? null,
      targetUrl: body.target_url ?? null,
      creator: hand.account,
      createdAt: world.now(),
    };
    repository.statuses.push(status);
    const holding = [...(await listRefs(repository.git, "refs/heads/"))].filter(
      ([, oid]) => oid === commit.oid,
    );
    announce(world, repository, hand, "status", null, {
      id: status.id,
      sha: status.sha,
      name: fullName(repository),
      avatar_url: renderAccount(world, hand.account).avatar_url,
      target_url: status.targetUrl,
      context: status.context,
      description: status.description,
      state: status.state,
      commit: renderCommit(world, repository, commit),
      branches: holding.map(([ref, oid]) => ({
        name: ref.slice("refs/heads/".length),
        commit: { sha: oid, url: `${repositoryUrl(world, repository)}/commits/${oid}` },
        protected: repository.protections.has(ref.slice("refs/heads/".length)),
      })),
      created_at: formatTime(status.createdAt),
      updated_at: formatTime(status.createdAt),
    });
    await mergeWhatIsReady(world, repository);
    return { status: 201, body: renderStatus(world, repository, status) };
  },

  "repos/list-commit-statuses-for-ref": async ({ world, repository, path }) => {
    const commit = await requireCommit(repository, path.ref);
    const statuses = repository.statuses.filter(({ sha }) => sha === commit.oid).reverse();
    return list(statuses, (status) => renderStatus(world, repository, status));
  },

  "repos/get-combined-status-for-ref": async ({ world, repository, path }) => {
    const commit = await requireCommit(repository, path.ref);
    const statuses = latestStatuses(repository, commit.oid);
    const url = repositoryUrl(world, repository);
    return list(
      statuses,
      (status) => {
        const { creator: _creator, ...simple } = renderStatus(world, repository, status);
        return simple;
      },
      (page, total) => ({
        state: summarizeStatuses(statuses),
        statuses: page,
        sha: commit.oid,
        total_count: total,
        repository: renderMinimalRepository(world, repository),
        commit_url: `${url}/commits/${commit.oid}`,
        url: `${url}/commits/${commit.oid}/status`,
      }),
    );
  },
} satisfies RestHandlers;
