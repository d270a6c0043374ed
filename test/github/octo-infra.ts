import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/rest";
import type {
  GitHubOptions,
  GitHubStandIn,
  NewRepository,
  SeededApp,
  SeededInstallation,
} from "./github-stand-in.ts";
import { startGitHub } from "./start-github.ts";
import type { Permissions } from "./world.ts";

/** The scene of the stand-in's own tests: octo's repository `infra`, and an App that is installed there. */
export interface OctoInfra extends AsyncDisposable {
  readonly github: GitHubStandIn;
  readonly app: SeededApp;
  readonly installationId: number;
  readonly installation: SeededInstallation;
  /** As the installed App, through its JWT. */
  readonly octokit: Octokit;
  /** As the repository's owner. */
  readonly octo: Octokit;
  readonly repo: { readonly owner: "octo"; readonly repo: "infra" };
}

export const stackFile = "config:\n  infra:size: 3\n";

const permissions: Permissions = {
  contents: "write",
  pull_requests: "write",
  issues: "write",
  checks: "write",
  statuses: "write",
  merge_queues: "read",
};

const events = [
  "check_run",
  "check_suite",
  "commit_comment",
  "create",
  "delete",
  "issue_comment",
  "issues",
  "label",
  "merge_group",
  "pull_request",
  "pull_request_review",
  "push",
  "status",
];

export interface Scene {
  readonly options?: GitHubOptions;
  readonly repository?: Partial<NewRepository>;
  readonly permissions?: Permissions;
  readonly webhookUrl?: string;
}

export async function startOctoInfra(scene: Scene = {}): Promise<OctoInfra> {
  const github = await startGitHub(scene.options);
  github.createUser("octo", { name: "Octo Cat" });
  await github.createRepository({
    owner: "octo",
    name: "infra",
    files: { "Pulumi.yaml": "name: infra\n", "Pulumi.prod.yaml": stackFile },
    ...scene.repository,
  });
  const app = await github.createApp({
    slug: "scaler",
    permissions: scene.permissions ?? permissions,
    events,
    ...(scene.webhookUrl === undefined ? {} : { webhookUrl: scene.webhookUrl }),
  });
  const installation = github.installApp(app, "octo", "all");
  const { installationId } = installation;
  return {
    github,
    app,
    installationId,
    installation,
    octokit: quietOctokit({
      baseUrl: github.apiUrl,
      authStrategy: createAppAuth,
      auth: { appId: app.appId, privateKey: app.privateKey, installationId },
    }),
    octo: octokitOf(github, github.issueToken({ kind: "user", login: "octo" })),
    repo: { owner: "octo", repo: "infra" },
    [Symbol.asyncDispose]: () => github.stop(),
  };
}

export function octokitOf(github: GitHubStandIn, token: string): Octokit {
  return quietOctokit({ baseUrl: github.apiUrl, auth: token });
}

/** A branch with one commit that sets the size, and a pull request for it. Gives the number and the head. */
export async function openPull(
  scene: OctoInfra,
  branch: string,
  size: number,
): Promise<{ readonly number: number; readonly head: string }> {
  const content = `config:\n  infra:size: ${size}\n`;
  const head = await scene.github.commit("octo/infra", {
    branch,
    message: `scale to ${size}`,
    files: { "Pulumi.prod.yaml": content },
  });
  const { data } = await scene.octokit.rest.pulls.create({
    ...scene.repo,
    head: branch,
    base: "main",
    title: `scale: ${size}`,
    body: "because",
  });
  return { number: data.number, head };
}

/** The status and the message that a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && "status" in error)
      return `${error.status} ${error.message.replace(/ - https.*$/s, "")}`;
    throw error;
  }
  throw new Error("The call was not refused.");
}

/** Octokit without its own lines on every refusal. */
export function quietOctokit(options: ConstructorParameters<typeof Octokit>[0]): Octokit {
  const silent = (): void => {};
  return new Octokit({ ...options, log: { debug: silent, info: silent, warn: silent, error: silent } });
}
