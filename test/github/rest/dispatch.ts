import { actorOf, type Caller } from "../auth/caller.ts";
import { type Need, requireAccess, requireOrganizationAccess } from "../auth/permissions.ts";
import { GitHubError, notFound } from "../github-error.ts";
import { type Answer, formatRestError, jsonAnswer } from "../http/answer.ts";
import { findMoved, movedAnswer } from "../http/redirect.ts";
import type { OperationId } from "../openapi/description.ts";
import type { RouteMatch } from "../openapi/routes.ts";
import { coerceParameters, findRequestProblem, findResponseProblem } from "../openapi/validate.ts";
import { type Account, findRepository, type Repository, type World } from "../world.ts";
import { fillPath, formatPage } from "./format-page.ts";
import { handlers } from "./handlers.ts";
import type { RestAnswer, RestRequest } from "./operation.ts";
import { accessOf } from "./permissions.ts";

export interface RestCall {
  readonly match: RouteMatch;
  readonly caller: Caller;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly accept: string;
}

/** Carries out one REST request: access, validation of what came, the operation, validation of the answer. */
export async function dispatchRest(world: World, call: RestCall): Promise<Answer> {
  const { operation } = call.match.route;
  const id = operation.operationId;
  const handler = handlers.get(id);
  const access = accessByName.get(id);
  if (handler === undefined || access === undefined) {
    throw new GitHubError(501, `GitHub stand-in: the operation ${id} is not implemented; see its README.md.`);
  }
  requireStanding(world, call);
  const repository = requireCaller(world, call, access);
  const request = parseRequest(world, call, repository);
  const run = async (): Promise<RestAnswer> => handler(request);
  const answer =
    repository !== null && call.match.route.method !== "GET" ? await repository.lock.run(run) : await run();
  return validated(world, call, answer);
}

/** An error as the operation's answer, held against the description too. */
export function answerRestError(world: World, call: RestCall | null, error: GitHubError): Answer {
  const answer = { status: error.status, body: formatRestError(error), headers: error.headers };
  // Of redirects the description tells at some operations only.
  return call === null || error.status >= 500 || error.status < 400
    ? jsonAnswer(error.status, answer.body, error.headers)
    : validated(world, call, answer);
}

const accessByName = new Map(Object.entries(accessOf));

function requireCaller(
  world: World,
  call: RestCall,
  access: (typeof accessOf)[OperationId],
): Repository | null {
  const { caller, match } = call;
  const { owner, repo } = match.path;
  const repository =
    owner === undefined || repo === undefined ? null : (findRepository(world, owner, repo) ?? null);
  switch (access?.kind) {
    case "app":
      if (caller.kind !== "app") throw new GitHubError(401, "A JSON web token could not be decoded");
      if (repo !== undefined && repository === null) throw notFound();
      return repository;
    case "installation":
      if (caller.kind !== "installation") {
        throw new GitHubError(
          403,
          "You must authenticate with an installation access token in order to list repositories for an installation.",
        );
      }
      return repository;
    case "user":
      if (caller.kind === "anonymous") throw new GitHubError(401, "Requires authentication");
      if (caller.kind !== "user") throw new GitHubError(403, "Resource not accessible by integration");
      return repository;
    case "organization": {
      const account = world.accounts.get((match.path.org ?? "").toLowerCase());
      if (account?.kind !== "Organization") throw notFound();
      requireOrganizationAccess(caller, account, access.anyOf);
      return null;
    }
    case "repository": {
      if (repository === null) throw notFound();
      const need: Need = access;
      requireAccess(caller, repository, need);
      return repository;
    }
    default:
      return repository;
  }
}

/** Sends those who ask for a repository by a name that it had before to where it is now. */
function requireStanding(world: World, { match, caller, query }: RestCall): void {
  const { owner, repo } = match.path;
  if (owner === undefined || repo === undefined || findRepository(world, owner, repo) !== undefined) return;
  const moved = findMoved(world, caller, owner, repo);
  if (moved === null) return;
  const rest = fillPath({ match, query }).split("/").slice(4).join("/");
  const search = query.size === 0 ? "" : `?${query}`;
  throw movedAnswer(world, moved, match.route.method, `${rest === "" ? "" : `/${rest}`}${search}`);
}

function parseRequest(world: World, call: RestCall, repository: Repository | null): RestRequest<never> {
  const { operation } = call.match.route;
  const path: Record<string, unknown> = { ...call.match.path };
  if (coerceParameters(operation, "path", path) !== null) throw notFound();
  const query: Record<string, unknown> = Object.fromEntries(call.query);
  const queryProblem = coerceParameters(operation, "query", query);
  if (queryProblem !== null) throw new GitHubError(422, `Invalid request.\n\n${queryProblem}`);
  const body = parseBody(call.body);
  const problem = findRequestProblem(operation, body ?? undefined);
  if (problem !== null) throw new GitHubError(422, `Invalid request.\n\n${problem}`);
  return trusted({
    world,
    caller: call.caller,
    accept: call.accept,
    path,
    query,
    asked: call.query,
    body: body ?? {},
    get repository(): Repository {
      if (repository === null) throw notFound();
      return repository;
    },
    get actor(): Account {
      const actor = actorOf(world, call.caller);
      if (actor === null) throw new GitHubError(401, "Requires authentication");
      return actor;
    },
  });
}

function parseBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new GitHubError(400, "Problems parsing JSON");
  }
}

/**
 * What ajv has just held against the operation's own description has the operation's types; TypeScript, which sees
 * only that some operation was found by its name, cannot know.
 */
function trusted(request: object): RestRequest<never> {
  return request as RestRequest<never>;
}

function validated(world: World, call: RestCall, answer: RestAnswer): Answer {
  const { operation } = call.match.route;
  if (answer.raw !== undefined) {
    const headers = { "content-type": answer.raw.contentType, ...answer.headers };
    return { status: answer.status, headers, body: answer.raw.content };
  }
  const { body, headers } = answer.list === undefined ? answer : formatPage(world, call, answer.list);
  const text = body === undefined ? "" : JSON.stringify(body);
  const problem = findResponseProblem(
    operation,
    answer.status,
    body === undefined ? undefined : JSON.parse(text),
  );
  if (problem !== null) {
    const violation = { operation: operation.operationId, status: answer.status, problem };
    world.reportViolation(violation);
    throw new GitHubError(
      500,
      `GitHub stand-in: ${violation.operation} answered ${answer.status}, which GitHub's description rules out: ${problem}`,
    );
  }
  const contentType = body === undefined ? {} : { "content-type": "application/json; charset=utf-8" };
  return { status: answer.status, headers: { ...contentType, ...headers, ...answer.headers }, body: text };
}
