import { actorOf, handOf } from "../auth/caller.ts";
import { mayDo, roleOf } from "../auth/permissions.ts";
import { GitHubError, notFound } from "../github-error.ts";
import { formatNodeId } from "../node-id.ts";
import { renderAccount } from "../render/account.ts";
import { renderCollaborator } from "../render/collaborator.ts";
import { renderFullRepository } from "../render/repository.ts";
import { formatTime } from "../render/time.ts";
import { announce } from "../webhooks/announce.ts";
import { isLogin } from "./issues.ts";
import { list, type RestHandlers } from "./operation.ts";

export const repositoryOperations = {
  "repos/create-dispatch-event": ({ world, repository, body, caller }) => {
    announce(world, repository, handOf(world, caller), "repository_dispatch", body.event_type, {
      branch: repository.settings.default_branch,
      client_payload: body.client_payload ?? null,
    });
    return { status: 204 };
  },

  "repos/get": ({ world, repository, caller }) => {
    const mayWrite = mayDo(caller, repository, { anyOf: [["contents", "write"]], role: "write" });
    const sees = mayWrite ? "merge-settings" : "basics";
    return { status: 200, body: renderFullRepository(world, repository, actorOf(world, caller), sees) };
  },

  "repos/list-activities": ({ world, repository, query }) => {
    const ref = query.ref?.startsWith("refs/") ? query.ref : `refs/heads/${query.ref ?? ""}`;
    const noted = repository.activities
      .filter((activity) => query.ref === undefined || activity.ref === ref)
      .filter(({ kind }) => query.activity_type === undefined || kind === query.activity_type)
      .filter(({ actor }) => query.actor === undefined || isLogin(actor, query.actor));
    if (query.direction !== "asc") noted.reverse();
    return list(noted, ({ id, ref, before, after, at, kind, actor }) => ({
      id,
      node_id: formatNodeId("Activity", id),
      before: before ?? NO_OBJECT,
      after: after ?? NO_OBJECT,
      ref,
      timestamp: formatTime(at),
      activity_type: kind,
      actor: renderAccount(world, actor),
    }));
  },

  "repos/list-collaborators": ({ world, repository }) => {
    const owner = repository.owner.kind === "User" ? [repository.owner] : [];
    const accounts = [...owner, ...[...repository.collaborators.values()].map(({ account }) => account)];
    return list(accounts, (account) =>
      renderCollaborator(world, account, roleOf(repository, account.login) ?? "read"),
    );
  },

  "repos/get-collaborator-permission-level": ({ world, repository, path }) => {
    const account = world.accounts.get(path.username.toLowerCase());
    if (account === undefined) throw notFound();
    if (account.kind !== "User") throw new GitHubError(404, `${path.username} is not a user`);
    const role = roleOf(repository, account.login);
    const legacy = {
      admin: "admin",
      maintain: "write",
      write: "write",
      triage: "read",
      read: "read",
    } as const;
    const none = repository.settings.private ? "none" : "read";
    return {
      status: 200,
      body: {
        permission: role === null ? none : legacy[role],
        role_name: role ?? none,
        user: renderCollaborator(world, account, role),
      },
    };
  },
} satisfies RestHandlers;

const NO_OBJECT = "0".repeat(40);
