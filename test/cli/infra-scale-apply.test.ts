import { expect, it } from "vitest";
import { infraScale, makeFolder, readArtifacts, startPlanWorld } from "../support/infra-scale-world.ts";

const REPO = "your-org/your-repo";
const WEB = ["--apply", "--target=prod", "--namespace=assistant", "--workload=Deployment:web:10"];
const NAMED = [...WEB, "--branch=infra/nightly"];

it("opens one draft pull request with the plan's two files, labelled, on a branch of its own", async () => {
  const { github, environment, openPulls } = await startPlanWorld();
  const cwd = await makeFolder();
  const { code, lines, told } = await infraScale(cwd, [...WEB, "--hpa=min:6,max:15,cpu:70"], environment);
  expect([code, lines, told]).toEqual([
    0,
    [`outputs_uri=${github.url}/your-org/your-repo/pull/1`, "awaiting_approval"],
    "",
  ]);
  const { name, plan, summary } = await readArtifacts(cwd);
  const [pull] = await openPulls();
  expect(pull).toMatchObject({
    number: 1,
    draft: true,
    title: `infra.scale: prod (${name.slice(0, 10)})`,
    labels: [{ name: "needs-approval" }],
    head: { ref: `infra/scale-${name}` },
    base: { ref: "main" },
  });
  expect(pull?.body).toContain(summary.trim());
  const branch = `infra/scale-${name}`;
  expect(await github.readFile(REPO, "ops/plans/infra-scale/prod/plan.yaml", branch)).toBe(plan);
  expect(await github.readFile(REPO, "ops/plans/infra-scale/prod/SUMMARY.md", branch)).toBe(summary);
  expect(await github.readFile(REPO, "ops/plans/infra-scale/prod/plan.yaml", "main")).toBeNull();
  expect(await github.readFile(REPO, "README.md", branch)).toBe("# infra\n");
  expect(github.violations).toEqual([]);
});

it("makes the open pull request of a named branch anew, as one commit on the newest base", async () => {
  const { github, environment, openPulls, octokit, repository } = await startPlanWorld();
  const first = await infraScale(await makeFolder(), NAMED, environment);
  await github.commit(REPO, {
    branch: "main",
    message: "docs: more",
    login: "your-org",
    files: { "README.md": "more\n" },
  });
  const cwd = await makeFolder();
  const second = await infraScale(
    cwd,
    [...NAMED.slice(0, 3), "--workload=Deployment:web:12", "--branch=infra/nightly"],
    environment,
  );
  expect(second).toEqual(first);
  const pulls = await openPulls();
  expect(pulls.map(({ number }) => number)).toEqual([1]);
  expect(pulls[0]?.body).toContain("replicas: 12");
  const { plan } = await readArtifacts(cwd);
  expect(await github.readFile(REPO, "ops/plans/infra-scale/prod/plan.yaml", "infra/nightly")).toBe(plan);
  const { data } = await octokit.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
    ...repository,
    basehead: "main...infra/nightly",
  });
  expect([data.ahead_by, data.behind_by, data.files?.map(({ filename }) => filename)]).toEqual([
    1,
    0,
    ["ops/plans/infra-scale/prod/SUMMARY.md", "ops/plans/infra-scale/prod/plan.yaml"],
  ]);
  expect(github.violations).toEqual([]);
});

it("opens another pull request where that of the branch was merged", async () => {
  const { environment, openPulls, octokit, repository } = await startPlanWorld();
  await infraScale(await makeFolder(), NAMED, environment);
  const ready = `mutation($id: ID!) { markPullRequestReadyForReview(input: { pullRequestId: $id }) { clientMutationId } }`;
  const [pull] = await openPulls();
  await octokit.graphql(ready, { id: pull?.node_id });
  await octokit.request("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge", {
    ...repository,
    pull_number: 1,
    merge_method: "squash",
  });
  const { lines } = await infraScale(await makeFolder(), NAMED, environment);
  expect(lines).toEqual([expect.stringMatching(/\/pull\/2$/), "awaiting_approval"]);
  expect((await openPulls()).map(({ number, draft }) => [number, draft])).toEqual([[2, true]]);
});

it("has no clash where runs on one branch meet: one pull request, whose files and words are of one of them", async () => {
  const { github, environment, openPulls } = await startPlanWorld();
  const counts = [3, 4, 5];
  const runs = await Promise.all(
    counts.map(async (count) =>
      infraScale(
        await makeFolder(),
        ["--apply", `--workload=Deployment:web:${count}`, "--branch=infra/nightly"],
        environment,
      ),
    ),
  );
  expect(runs.map(({ code, told }) => [code, told])).toEqual(counts.map(() => [0, ""]));
  const pulls = await openPulls();
  expect(pulls.map(({ number }) => number)).toEqual([1]);
  const summary = await github.readFile(REPO, "ops/plans/infra-scale/prod/SUMMARY.md", "infra/nightly");
  expect(pulls[0]?.body).toContain(summary?.trim());
  expect(github.violations).toEqual([]);
});

it("takes a branch of its own where somebody else has the one that it would take", async () => {
  const { github, environment, openPulls } = await startPlanWorld();
  const runs = await Promise.all([1, 2, 3].map(async () => infraScale(await makeFolder(), WEB, environment)));
  expect(new Set(runs.map(({ lines }) => lines[0])).size).toBe(3);
  expect(new Set((await openPulls()).map(({ head }) => head.ref)).size).toBe(3);
  expect(github.violations).toEqual([]);
});

it("moves no branch that holds what somebody else has committed, nor the default one", async () => {
  const { github, environment } = await startPlanWorld();
  await infraScale(await makeFolder(), NAMED, environment);
  const edit = { "ops/plans/infra-scale/prod/plan.yaml": "edited: true\n" };
  const head = await github.commit(REPO, {
    branch: "infra/nightly",
    message: "less",
    login: "your-org",
    files: edit,
  });
  const edited = await infraScale(await makeFolder(), NAMED, environment);
  expect([edited.code, edited.lines]).toEqual([1, ["failed"]]);
  expect(edited.told).toContain(head.slice(0, 12));
  expect(await github.readRef(REPO, "infra/nightly")).toBe(head);
  const other = await infraScale(
    await makeFolder(),
    [...NAMED, "--target=staging"].filter((it) => it !== "--target=prod"),
    environment,
  );
  expect([other.code, other.lines]).toEqual([1, ["failed"]]);
  const main = await infraScale(await makeFolder(), [...WEB, "--branch=main"], environment);
  expect([main.code, main.lines, main.told]).toEqual([
    1,
    ["failed"],
    expect.stringContaining("default branch"),
  ]);
  expect((await github.readLog(REPO, "main")).length).toBe(1);
});

it.each(["git/create-tree", "git/create-commit", "git/create-ref", "pulls/create", "issues/add-labels"])(
  "comes through where the answer of %s is lost, or GitHub fails once",
  async (operation) => {
    for (const kind of ["lost-answer", "status"] as const) {
      const { github, environment, openPulls } = await startPlanWorld();
      github.faults.add({ match: { operation }, ...(kind === "status" ? { kind, status: 502 } : { kind }) });
      const { lines, told } = await infraScale(await makeFolder(), NAMED, environment);
      expect([lines, told]).toEqual([[expect.stringMatching(/\/pull\/1$/), "awaiting_approval"], ""]);
      const pulls = await openPulls();
      expect(pulls.map(({ draft, labels }) => [draft, labels.map(({ name }) => name)])).toEqual([
        [true, ["needs-approval"]],
      ]);
    }
  },
);

it("works on an Enterprise Server that moves branches only through REST", async () => {
  const enterprise = { version: "3.14.0", missingFields: ["Mutation.updateRefs"] };
  const { environment, openPulls } = await startPlanWorld({ enterprise });
  await infraScale(await makeFolder(), NAMED, environment);
  const again = await infraScale(await makeFolder(), NAMED, environment);
  expect(again.lines[1]).toBe("awaiting_approval");
  expect((await openPulls()).map(({ number }) => number)).toEqual([1]);
});

it("proposes no plan that would not be applied, and says why", async () => {
  const { environment, openPulls } = await startPlanWorld();
  const many = Array.from({ length: 201 }, (_, index) => `--workload=Deployment:web-${index}:2`);
  const { code, lines, told } = await infraScale(await makeFolder(), ["--apply", ...many], environment);
  expect([code, lines]).toEqual([1, ["failed"]]);
  expect(told).toMatch(
    /^Nobody would apply it: the plan has 201 actions; 200 are the most\. It is in \/.*plan\.yaml\n$/,
  );
  expect(await openPulls()).toEqual([]);
  const dry = await infraScale(await makeFolder(), many);
  expect([dry.code, dry.lines.at(-1)]).toEqual([0, "succeeded"]);
});

it("asks GitHub for nothing without credentials, and says whose are missing", async () => {
  const cwd = await makeFolder();
  const { code, lines, told } = await infraScale(cwd, WEB, { GH_OWNER: "your-org", GITHUB_TOKEN: " " });
  expect([code, lines]).toEqual([0, ["outputs_uri=", "awaiting_approval"]]);
  expect(told).toContain("GH_REPO, GITHUB_TOKEN");
  expect((await readArtifacts(cwd)).plan).toContain("to: 10");
});

it("fails with GitHub's reason and without the token where it may not", async () => {
  const { environment } = await startPlanWorld();
  const token = "ghp_nobodys0123456789nobodys0123456789";
  const { code, lines, told } = await infraScale(await makeFolder(), WEB, {
    ...environment,
    GITHUB_TOKEN: token,
  });
  expect([code, lines]).toEqual([1, ["failed"]]);
  expect(told).toContain("Bad credentials");
  expect(told).not.toContain(token);
});

it("asks GitHub as little for many workloads as for one, and a few times more where the pull request is there", async () => {
  const { github, environment } = await startPlanWorld();
  const callsOf = async (count: number, branch: string) => {
    const workloads = Array.from({ length: count }, (_, index) => `--workload=Deployment:web-${index}:2`);
    const before = github.requests.length;
    const args = ["--apply", ...workloads, `--branch=${branch}`];
    const { lines } = await infraScale(await makeFolder(), args, environment);
    expect(lines.at(-1)).toBe("awaiting_approval");
    return github.requests.length - before;
  };
  const one = await callsOf(1, "infra/one");
  const many = await callsOf(60, "infra/many");
  const again = await callsOf(60, "infra/many");
  expect([one, many, again]).toEqual([8, 8, 11]);
});

it("gives up where GitHub goes on failing, and says that another run may do", async () => {
  const { github, environment } = await startPlanWorld();
  github.faults.add({ match: { operation: "repos/get" }, kind: "status", status: 503, times: 100 });
  const { code, lines, told } = await infraScale(await makeFolder(), WEB, environment);
  expect([code, lines, told]).toEqual([
    1,
    ["failed"],
    expect.stringMatching(/\(.*\)\. Run infra\.scale again\.\n$/),
  ]);
});
