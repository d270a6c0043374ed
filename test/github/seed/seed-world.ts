import { randomBytes } from "node:crypto";
import { readRef } from "../git/git-repository.ts";
import { writeBlob } from "../git/write-objects.ts";
import type { TreeChange } from "../git/write-tree.ts";
import type { GitHubStandIn, NewCommit, NewRepository } from "../github-stand-in.ts";
import { formatNodeId } from "../node-id.ts";
import { createPull } from "../pulls/create-pull.ts";
import { identityOf } from "../pulls/identity.ts";
import { submitReview } from "../pulls/submit-review.ts";
import { commitChanges } from "../repository/commit-changes.ts";
import { createRepository, forkRepository } from "../repository/create-repository.ts";
import { moveRefs } from "../repository/move-refs.ts";
import { createOrganization } from "../repository/organization.ts";
import { unprotected } from "../repository/protection.ts";
import { defaultSettings } from "../repository/settings.ts";
import { openBrowser } from "../web/browser.ts";
import { formatCookie } from "../web/page-call.ts";
import type { Hand } from "../webhooks/announce.ts";
import { type Account, fullName, type Repository, type World } from "../world.ts";
import { requireAccount, requireRepository } from "./require-repository.ts";

type Seeding = Pick<
  GitHubStandIn,
  | "createUser"
  | "createOrganization"
  | "createRepository"
  | "fork"
  | "issueToken"
  | "signIn"
  | "addCollaborator"
  | "protect"
  | "createEnvironment"
  | "changeSettings"
  | "commit"
  | "openPull"
  | "review"
>;

/** What tests put on the stand-in. */
export function seedWorld(world: World): Seeding {
  return {
    createUser: (login, details = {}) =>
      createAccount(world, "User", login, details.name ?? login, details.email ?? `${login}@example.com`),
    createOrganization: (login) => createAccount(world, "Organization", login, login, `${login}@example.com`),
    createRepository: (repository) => seedRepository(world, repository),
    fork: async (repo, login) => {
      const original = requireRepository(world, repo);
      const owner = requireAccount(world, login);
      return fullName(await original.lock.run(() => forkRepository(world, original, owner)));
    },
    signIn: (login) => {
      const session = randomBytes(18).toString("hex");
      world.sessions.set(session, requireAccount(world, login));
      return openBrowser(world.baseUrl, formatCookie(session));
    },
    issueToken: (request) => {
      if (request.kind === "user") {
        const token = `ghp_${randomBytes(18).toString("hex")}`;
        world.credentials.set(token, { kind: "user", account: requireAccount(world, request.login) });
        return token;
      }
      const token = `ghs_${randomBytes(18).toString("hex")}`;
      const repository = requireRepository(world, request.repo);
      world.credentials.set(token, { kind: "workflow", repository, permissions: request.permissions });
      return token;
    },
    addCollaborator: (repo, login, role) => {
      const account = requireAccount(world, login);
      requireRepository(world, repo).collaborators.set(login.toLowerCase(), { account, role });
    },
    protect: (repo, branch, protection) => {
      const { protections } = requireRepository(world, repo);
      if (protection === null) {
        protections.delete(branch);
        return;
      }
      const id = protections.get(branch)?.id ?? world.nextId();
      protections.set(branch, { ...unprotected, ...protection, id });
    },
    createEnvironment: (repo, environment) => {
      const { environments, owner } = requireRepository(world, repo);
      const reviewers = (environment.reviewers ?? []).map((name) => {
        const team = name.startsWith("team:") ? owner.organization?.teams.get(name.slice(5)) : undefined;
        return team === undefined
          ? ({ kind: "User", account: requireAccount(world, name) } as const)
          : ({ kind: "Team", team } as const);
      });
      environments.set(environment.name, {
        id: world.nextId(),
        name: environment.name,
        createdAt: world.now(),
        reviewers,
        waitMinutes: environment.waitMinutes ?? 0,
        branches: environment.branches ?? "any",
      });
    },
    changeSettings: (repo, settings) => {
      Object.assign(requireRepository(world, repo).settings, settings);
    },
    commit: (repo, commit) => {
      const repository = requireRepository(world, repo);
      return repository.lock.run(() => commitFiles(world, repository, commit));
    },
    openPull: async (repo, wish) => {
      const repository = requireRepository(world, repo);
      const { login, branch, files, base = repository.settings.default_branch } = wish;
      const title = wish.title ?? branch;
      const headRepository = wish.from === undefined ? repository : requireRepository(world, wish.from);
      // Not inside the lock of the repository: a push to its fork takes that too.
      const head = await headRepository.lock.run(() =>
        commitFiles(world, headRepository, { branch, login, files, message: title }),
      );
      return repository.lock.run(async () => {
        const headName = `${headRepository.owner.login}:${branch}`;
        const draft = wish.draft ?? "ready";
        const pullWish = { title, body: wish.body ?? null, head: headName, base, draft };
        const pull = await createPull(
          world,
          repository,
          pullWish,
          personalHand(requireAccount(world, login)),
        );
        return { number: pull.number, id: formatNodeId("PullRequest", repository.id, pull.number), head };
      });
    },
    review: (repo, number, review) => {
      const repository = requireRepository(world, repo);
      return repository.lock.run(async () => {
        const pull = repository.issues.get(number);
        if (pull?.kind !== "pull-request") throw new Error(`There is no pull request ${number} in ${repo}.`);
        const wish = {
          state: review.state,
          body: review.body ?? "",
          commitOid: review.commit ?? pull.headOid,
        };
        const hand = personalHand(requireAccount(world, review.login));
        return (await submitReview(world, repository, pull, wish, hand)).id;
      });
    },
  };
}

function createAccount(
  world: World,
  kind: Account["kind"],
  login: string,
  name: string,
  email: string,
): Account {
  const account: Account = {
    kind,
    id: world.nextId(),
    login,
    name,
    email,
    createdAt: world.now(),
    organization: kind === "Organization" ? createOrganization() : null,
  };
  world.accounts.set(login.toLowerCase(), account);
  return account;
}

async function seedRepository(world: World, wish: NewRepository): Promise<void> {
  const { owner, name, defaultBranch, files, ...settings } = wish;
  const branch = defaultBranch ?? settings.default_branch ?? "main";
  const repository = await createRepository(world, {
    owner: requireAccount(world, owner),
    name,
    parent: null,
    settings: { ...defaultSettings, ...settings, default_branch: branch },
  });
  if (files !== undefined) await commitFiles(world, repository, { files, message: "Initial commit" });
}

async function commitFiles(world: World, repository: Repository, wish: NewCommit): Promise<string> {
  const { git, settings } = repository;
  const ref = `refs/heads/${wish.branch ?? settings.default_branch}`;
  const before = await readRef(git, ref);
  const parent = before ?? (await readRef(git, `refs/heads/${settings.default_branch}`));
  const account = wish.login === undefined ? repository.owner : requireAccount(world, wish.login);
  const changes: TreeChange[] = [];
  for (const [path, content] of Object.entries(wish.files)) {
    if (content === null) changes.push({ kind: "remove", path });
    else changes.push({ kind: "set", path, mode: "100644", oid: await writeBlob(git, content) });
  }
  const hand = personalHand(account);
  const oid = await commitChanges(world, repository, {
    base: parent,
    parents: parent === null ? [] : [parent],
    changes,
    message: wish.message,
    hand,
    author: identityOf(account, world.now()),
    signed: "for-apps",
  });
  await moveRefs(world, repository, [{ ref, before, after: oid }], hand);
  return oid;
}

function personalHand(account: Account): Hand {
  return { account, app: null, triggersWorkflows: true };
}
