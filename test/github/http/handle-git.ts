import { type Caller, handOf, triggersWorkflows } from "../auth/caller.ts";
import { canSee, mayDo } from "../auth/permissions.ts";
import { type GitHttpAnswer, type GitHttpRequest, parsePushCommands, serveGit } from "../git/git-http.ts";
import { listRefs, type RefUpdate } from "../git/refs.ts";
import { findGitPushProblem, type PushProblem } from "../repository/guard-branch.ts";
import { findWorkflowProblem } from "../repository/guard-workflows.ts";
import { followMovedRefs } from "../repository/move-refs.ts";
import { findRepository, fullName, type Repository, type World } from "../world.ts";
import type { Answer } from "./answer.ts";
import { findMoved } from "./redirect.ts";

export interface GitCall {
  readonly owner: string;
  readonly name: string;
  readonly method: string;
  readonly service: string;
  readonly query: URLSearchParams;
  readonly headers: GitHttpRequest["headers"];
  readonly body: Buffer;
  readonly caller: Caller;
}

/** `/octo/infra.git/info/refs` and the like; null for any other path. */
export function matchGitPath(path: string): Pick<GitCall, "owner" | "name" | "service"> | null {
  const match = /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/info\/refs|\/git-upload-pack|\/git-receive-pack)$/.exec(
    path,
  );
  const [, owner, name, service] = match ?? [];
  return owner === undefined || name === undefined || service === undefined ? null : { owner, name, service };
}

/** Clone, fetch and push, as github.com answers them. */
export async function handleGit(world: World, call: GitCall): Promise<Answer> {
  const { caller } = call;
  const pushes = call.service === "/git-receive-pack" || call.query.get("service") === "git-receive-pack";
  const repository = findRepository(world, call.owner, call.name);
  const moved = repository === undefined ? findMoved(world, caller, call.owner, call.name) : null;
  if (moved !== null) {
    const search = call.query.size === 0 ? "" : `?${call.query}`;
    const location = `${world.baseUrl}/${fullName(moved)}.git${call.service}${search}`;
    return textAnswer(301, "Moved Permanently", { location });
  }
  if (caller.kind === "anonymous" && (pushes || repository === undefined || repository.settings.private)) {
    return textAnswer(401, "Authentication required.", { "www-authenticate": 'Basic realm="GitHub"' });
  }
  if (repository === undefined || !canSee(caller, repository))
    return textAnswer(404, "Repository not found.");
  const level = pushes ? "write" : "read";
  if (!mayDo(caller, repository, { anyOf: [["contents", level]], role: level })) {
    return textAnswer(403, pushes ? "Write access to repository not granted." : "Repository not found.");
  }
  if (pushes && repository.settings.archived)
    return textAnswer(403, "This repository was archived so it is read-only.");
  if (call.service === "/git-receive-pack")
    return repository.lock.run(() => receivePush(world, repository, call));
  return serveGit(repository.git, world.dataDirectory, requestOf(call, new Map()));
}

async function receivePush(world: World, repository: Repository, call: GitCall): Promise<GitHttpAnswer> {
  const hand = handOf(world, call.caller);
  const refused = new Map<string, readonly string[]>();
  for (const { ref, after } of parsePushCommands(call.body, String(call.headers["content-encoding"] ?? ""))) {
    const problem = findGitPushProblem(repository, ref, /^0+$/.test(after) ? null : after, hand);
    if (problem !== null) refused.set(ref, formatRefusal(ref, problem));
  }
  const before = await listRefs(repository.git, "refs/");
  const answer = await serveGit(repository.git, world.dataDirectory, requestOf(call, refused));
  const after = await listRefs(repository.git, "refs/");
  const names = new Set([...before.keys(), ...after.keys()]);
  const updates: RefUpdate[] = [...names].map((ref) => ({
    ref,
    before: before.get(ref) ?? null,
    after: after.get(ref) ?? null,
  }));
  const branchesBefore = new Map([...before].filter(([ref]) => ref.startsWith("refs/heads/")));
  await followMovedRefs(world, repository, updates, hand, branchesBefore);
  return answer;
}

function requestOf(call: GitCall, refused: ReadonlyMap<string, readonly string[]>): GitHttpRequest {
  return {
    method: call.method,
    service: call.service,
    query: call.query.toString(),
    headers: call.headers,
    body: call.body,
    user: triggersWorkflows(call.caller) ? "x-access-token" : "github-actions",
    refused,
    forbidWorkflows:
      findWorkflowProblem(call.caller, [".github/workflows/any.yml"])?.replace(/ `[^`]*any\.yml`/, "") ??
      null,
  };
}

/** As git shows it after `remote:`. */
function formatRefusal(ref: string, problem: PushProblem): string[] {
  return problem.kind === "ruleset"
    ? [
        `error: GH013: Repository rule violations found for ${ref}.`,
        "",
        ...problem.sentences.flatMap((sentence) => [`- ${sentence}`, ""]),
      ]
    : [
        `error: GH006: Protected branch update failed for ${ref}.`,
        ...problem.sentences.map((sentence) => `error: ${sentence}`),
      ];
}

function textAnswer(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body: `${text}\n` };
}
