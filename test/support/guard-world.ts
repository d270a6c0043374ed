import { eventually, startAppWorld } from "./app-world.ts";
import type { AppWorldOptions } from "./open-app-world.ts";
import { PLACE, STACK_FILE } from "./shop-stack.ts";

export const REPO = "acme/infra";
export const GATED = { ".github/pulumiscale.yml": "stacks:\n  shop.prod:\n    approval: { above: 6 }\n" };

export const STACK_PATH = "Pulumi.prod.yaml";
export const withWeb = (count: number | string) => STACK_FILE.replace('"3"', `"${count}"`);

/** A check run as GitHub's REST tells it. */
export type Guard = {
  id: number;
  name: string;
  status: string;
  conclusion: string | null;
  external_id: string | null;
  output: { title: string | null; summary: string | null };
  app: { slug: string };
};

/** The app's world with people who may write (alice, bob, carol) or only read (rita), and a look at the guard. */
export async function startGuardWorld(options: AppWorldOptions = {}) {
  const world = await startAppWorld(options);
  const { github } = world;
  for (const login of ["bob", "carol"]) {
    github.createUser(login);
    github.addCollaborator(REPO, login, "write");
  }
  github.createUser("rita");
  github.addCollaborator(REPO, "rita", "read");
  const token = github.issueToken({ kind: "user", login: "alice" });

  /** As a person, or as whoever holds the token. */
  const rest = async (method: string, path: string, body?: object, as = token) => {
    const response = await fetch(`${github.apiUrl}/repos/${REPO}${path}`, {
      method,
      headers: { authorization: `bearer ${as}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text) };
  };
  const graphql = async (query: string, variables: object) => {
    const response = await fetch(github.graphqlUrl, {
      method: "POST",
      headers: { authorization: `bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    return JSON.parse(await response.text());
  };
  const open = (files: Record<string, string | null>, { login = "alice", branch = "change" } = {}) =>
    github.openPull(REPO, { login, branch, title: "a change", body: "", files });
  /** Every guard run on a commit, oldest first. */
  const guards = async (sha: string): Promise<Guard[]> => {
    const path = `/commits/${sha}/check-runs?filter=all&check_name=pulumiscale/guard`;
    const runs: Guard[] = (await rest("GET", path)).body.check_runs;
    return runs.toSorted((a, b) => a.id - b.id);
  };
  /** The newest one. */
  const guard = async (sha: string): Promise<Guard | null> => (await guards(sha)).at(-1) ?? null;
  /** Waits for a guard of that state, and for what goes on to end. */
  const reported = async (sha: string, state: "success" | "failure" | "in_progress"): Promise<Guard> => {
    const isSo = (run: Guard | null) => run !== null && (run.conclusion ?? run.status) === state;
    const found = await eventually(() => guard(sha), isSo);
    if (found === null) throw new Error("no guard");
    return found;
  };
  const enqueue = async (pull: string) => {
    const mutation = "enqueuePullRequest(input: { pullRequestId: $pull }) { mergeQueueEntry { position } }";
    const answer = await graphql(`mutation($pull: ID!) { ${mutation} }`, { pull });
    if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  };
  /** Publishes the first stack's ledger entry once more, changed, and with the signature that it had. */
  const publishAs = async (alias: string, change: (entry: string) => string) => {
    const entry = (await github.readFile(REPO, `stacks/${PLACE.alias}.json`, "pulumiscale")) ?? "";
    const files = { [`stacks/${alias}.json`]: change(entry) };
    await github.commit(REPO, { branch: "pulumiscale", message: "publish", login: "alice", files });
  };
  return { ...world, rest, enqueue, publishAs, open, guards, guard, reported };
}
