import { expect } from "vitest";
import { z } from "zod";
import { startAppWorld } from "./app-world.ts";
import { asPerson } from "./as-person.ts";
import type { AppWorldOptions } from "./open-app-world.ts";
import { STACK_FILE } from "./shop-stack.ts";

export const REPO = "acme/infra";
export const GATED = "scale-approval/shop.prod/web";
export const IN_RANGE = "scale/shop.prod";
export const scaled = (web: number) => STACK_FILE.replace('"3"', `"${web}"`);
const CI = { requiredChecks: [{ context: "ci", appId: null }] };
const Pull = z.object({
  number: z.int(),
  state: z.string(),
  body: z.string().nullable(),
  labels: z.array(z.object({ name: z.string() })),
  head: z.object({ ref: z.string(), sha: z.string() }),
  base: z.object({ ref: z.string() }),
  merged_at: z.string().nullable(),
});

/** The app's world with people who may write (alice, bob), and what they do to a pull request. */
export async function startPullStates(options: AppWorldOptions = {}) {
  const world = await startAppWorld(options);
  const { github } = world;
  github.createUser("bob");
  github.addCollaborator(REPO, "bob", "write");
  const alice = asPerson(github, "alice");
  /** The app has looked after its pull requests: what it was told of is done. */
  const settled = async () => {
    await github.webhooksIdle();
    await world.replica.idle();
  };
  const pull = async (number: number) => Pull.parse(await alice("GET", `/pulls/${number}`));
  const Listed = z.array(z.object({ number: z.int() }));
  /** Newest first. */
  const pulls = async (state: "open" | "closed" | "all" = "open") => {
    const listed = Listed.parse(await alice("GET", `/issues?state=${state}`));
    return Promise.all(listed.map(({ number }) => pull(number)));
  };
  const graphql = async (query: string) => {
    const authorization = `bearer ${github.issueToken({ kind: "user", login: "alice" })}`;
    const response = await fetch(github.graphqlUrl, {
      method: "POST",
      headers: { authorization },
      body: JSON.stringify({ query }),
    });
    const answer = z
      .object({ errors: z.unknown().optional(), data: z.unknown() })
      .parse(await response.json());
    expect(answer.errors).toBeUndefined();
    return answer.data;
  };
  const NodeId = z.object({ node_id: z.string() });
  const setDraft = async (number: number, to: "draft" | "ready") => {
    const { node_id } = NodeId.parse(await alice("GET", `/pulls/${number}`));
    const mutation = to === "draft" ? "convertPullRequestToDraft" : "markPullRequestReadyForReview";
    await graphql(`mutation { ${mutation}(input: { pullRequestId: "${node_id}" }) { clientMutationId } }`);
    await settled();
  };
  return {
    ...world,
    alice,
    settled,
    pulls,
    pull,
    setDraft,
    /** Merges wait for a check that never comes, or no longer. */
    block: () => github.protect(REPO, "main", CI),
    unblock: () => github.protect(REPO, "main", null),
    /** A status on a branch's head: GitHub tells the app, which looks after the stack's pull requests. */
    nudge: async (branch: string) => {
      const oid = await github.readRef(REPO, `refs/heads/${branch}`);
      await alice("POST", `/statuses/${oid}`, { state: "success", context: "nudge" });
      await settled();
    },
    push: (branch: string, files: Record<string, string>, message = "by hand") =>
      github.commit(REPO, { branch, files, message, login: "alice" }),
  };
}

export type PullStates = Awaited<ReturnType<typeof startPullStates>>;

export const GATE = { ".github/pulumiscale.yml": "stacks:\n  shop.prod:\n    approval: { above: 5 }\n" };

/** `web` waits for approval of 3 → 8 in pull request #1. */
export async function gatedPull(options: AppWorldOptions = {}): Promise<PullStates> {
  const world = await startPullStates({ ...options, files: { ...GATE, ...options.files } });
  const { results } = await world.post("/scale/web", { value: 8 });
  expect(results[0]).toMatchObject({ kind: "scale", to: 8, delivery: "needs-approval", pullRequest: 1 });
  await world.settled();
  return world;
}

/** `web` waits with 3 → 4 in pull request #1 for a check that never comes. */
export async function inRangePull(options: AppWorldOptions = {}): Promise<PullStates> {
  const world = await startPullStates(options);
  world.block();
  const { results } = await world.post("/scale/web", { value: 4 });
  expect(results[0]).toMatchObject({ kind: "scale", to: 4, delivery: "pull-request", pullRequest: 1 });
  await world.settled();
  return world;
}
