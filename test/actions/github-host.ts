import { join } from "node:path";
import { z } from "zod";
import type { GitHubEvent, GitHubStandIn } from "../github/github-stand-in.ts";
import type { HostPush, HostRepository, RunnerHost } from "./runner-host.ts";

const Repository = z.looseObject({
  id: z.number(),
  full_name: z.string(),
  default_branch: z.string(),
  private: z.boolean(),
  owner: z.looseObject({ id: z.number() }),
});
const PushPayload = z.looseObject({
  ref: z.string(),
  before: z.string(),
  after: z.string(),
  repository: Repository,
});

const DispatchPayload = z.looseObject({ action: z.string(), repository: Repository });

/** The stand-in for GitHub, as the runner sees it. */
export function createGitHubHost(github: GitHubStandIn): RunnerHost {
  const view = (payload: z.infer<typeof Repository>): HostRepository => ({
    id: payload.id,
    ownerId: payload.owner.id,
    fullName: payload.full_name,
    defaultBranch: payload.default_branch,
    visibility: payload.private ? "private" : "public",
    gitDirectory: join(github.dataDirectory, `${payload.full_name}.git`),
    payload,
  });
  const parsePush = (event: GitHubEvent): HostPush => {
    const payload = PushPayload.parse(event.payload);
    return {
      repository: view(payload.repository),
      ref: payload.ref,
      before: orNull(payload.before),
      after: orNull(payload.after),
      pusher: event.sender,
      triggersWorkflows: event.triggersWorkflows,
      payload: { ...payload, sender: { login: event.sender } },
    };
  };
  return {
    url: github.url,
    apiUrl: github.apiUrl,
    graphqlUrl: github.graphqlUrl,
    onPush: (listener) =>
      github.onEvent((event) => {
        if (event.name === "push") listener(parsePush(event));
      }),
    onDispatch: (listener) =>
      github.onEvent((event) => {
        if (event.name !== "repository_dispatch") return;
        const payload = DispatchPayload.parse(event.payload);
        listener({
          repository: view(payload.repository),
          type: payload.action,
          sender: event.sender,
          payload: { ...payload, sender: { login: event.sender } },
        });
      }),
    findRepository: async (fullName) => {
      const token = github.issueToken({
        kind: "workflow",
        repo: fullName,
        permissions: { metadata: "read" },
      });
      const response = await fetch(`${github.apiUrl}/repos/${fullName}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return view(Repository.parse(await response.json()));
    },
    createWorkflowToken: (repo, permissions) => github.issueToken({ kind: "workflow", repo, permissions }),
  };
}

/** Webhooks name a ref that is not there by forty zeros. */
function orNull(oid: string): string | null {
  return /^0+$/.test(oid) ? null : oid;
}
