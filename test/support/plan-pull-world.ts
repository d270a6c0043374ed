import { eventually } from "./app-world.ts";
import { asPerson } from "./as-person.ts";
import { REPO, startCommandWorld } from "./command-world.ts";
import { infraScale, makeFolder } from "./infra-scale-world.ts";
import type { AppWorldOptions } from "./open-app-world.ts";
import { readNotes } from "./read-notes.ts";

export const PLAN = "ops/plans/infra-scale/prod/plan.yaml";
export const SUMMARY = "ops/plans/infra-scale/prod/SUMMARY.md";
/** The branch of the plans that `plan` asks for. */
export const PLANS = "plans/prod";

/** The app, and a person's `infra.scale`: alice asks for plans, bob and carol may write too, rita may read. */
export async function startPlanPulls(options: AppWorldOptions = {}) {
  const world = await startCommandWorld(options);
  const { github } = world;
  const alice = asPerson(github, "alice");
  // Described: GitHub's own description of a pull request has no label without.
  await alice("POST", "/labels", {
    name: "needs-approval",
    color: "d93f0b",
    description: "A person is asked",
  });
  const tokens = new Map<string, string>();
  const tokenOf = (login: string) => {
    const token = tokens.get(login) ?? github.issueToken({ kind: "user", login });
    tokens.set(login, token);
    return token;
  };
  /** Runs the command line as that person, and answers its pull request's number once the app has seen it. */
  const plan = async (
    replicas = 6,
    login = "alice",
    more: readonly string[] = [`--branch=${PLANS}`],
    environment: Readonly<Record<string, string>> = {},
  ) => {
    const run = await infraScale(
      await makeFolder(),
      ["--apply", "--namespace=assistant", `--workload=Deployment:web:${replicas}`, ...more],
      {
        ...{ GH_OWNER: "acme", GH_REPO: "infra", GITHUB_TOKEN: tokenOf(login) },
        ...{ GITHUB_API_URL: github.apiUrl, ...environment },
      },
    );
    if (run.code !== 0) throw new Error(run.told);
    await world.settled();
    return Number(/\/pull\/(\d+)$/.exec(run.lines[0] ?? "")?.[1]);
  };
  /** A person reads before they write: GitHub's times of a push and of a comment have seconds. */
  const say: typeof world.say = async (...said) => {
    const second = () => Math.floor(Date.now() / 1_000);
    const now = second();
    await eventually(
      async () => second(),
      (at) => at > now,
    );
    return world.say(...said);
  };
  const ask: typeof world.ask = async (body, author, number = world.issue) => {
    await say(body, author, number);
    await world.settled();
    return (await world.answers(number)).at(-1) ?? "";
  };
  const approve = async (number: number, login = "bob") => {
    await github.review(REPO, number, { login, state: "APPROVED" });
    await world.settled();
  };
  const merged = (text = "to: 6") =>
    eventually(
      () => github.readFile(REPO, PLAN),
      (file) => file?.includes(text) === true,
    );
  /** The plan on the base branch; null where none was merged. */
  const onBase = () => github.readFile(REPO, PLAN);
  const notes = (number: number) => readNotes(github, number);
  /** A status on the head of a branch: GitHub tells the app. */
  const nudge = async (branch = PLANS, context = "nudge") => {
    const head = await github.readRef(REPO, `refs/heads/${branch}`);
    await alice("POST", `/statuses/${head}`, { state: "success", context });
    await world.settled();
  };
  /** Somebody pushes one commit with these files onto a plan's branch. */
  const push = async (files: Record<string, string | null>, login = "carol", branch = PLANS) => {
    await github.commit(REPO, { branch, login, message: "more", files });
    await world.settled();
  };
  /** The two files of the plan on its branch. */
  const readPlan = async (branch = PLANS) => {
    const [yaml, summary] = await Promise.all(
      [PLAN, SUMMARY].map((path) => github.readFile(REPO, path, branch)),
    );
    return { [PLAN]: yaml ?? "", [SUMMARY]: summary ?? "" };
  };
  return { ...world, say, ask, alice, plan, approve, merged, onBase, notes, nudge, push, readPlan };
}

export type PlanPullWorld = Awaited<ReturnType<typeof startPlanPulls>>;
