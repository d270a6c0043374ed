import { afterAll, beforeAll, expect, it } from "vitest";
import { type DeployRepository, makeDeployRepository, OTHER, REPO } from "./support/deploy-repository.ts";

const TIMEOUT = 30_000;
const AS_STORE = { alias: "store" };
const SETTINGS = "stacks:\n  store: { dir: deploy, stack: dev, formerAliases: [shop.dev] }\n";

let repository: DeployRepository;

beforeAll(async () => {
  repository = await makeDeployRepository("yaml-stash", {
    "shop:webCount": 3,
    "shop:queueCount": 5,
    "shop:idleCount": 1,
  });
}, 60_000);
afterAll(() => repository.stop());

async function readChecks(ref: string) {
  const { data } = await repository.octokit.rest.checks.listForRef({ owner: "acme", repo: "infra", ref });
  return data.check_runs;
}

it("the first publish of a renamed stack covers what was committed under the former name", {
  timeout: TIMEOUT,
}, async () => {
  const scaled = await repository.scale("web", "shop:webCount", 3, 4);
  await repository.checkout(await repository.push({ ".github/pulumiscale.yml": SETTINGS }));
  expect(await repository.apply({ kind: "push", before: scaled }, AS_STORE)).toMatchObject({
    kind: "full-needed",
  });
  await repository.fullUp();
  const entry = await repository.publish(AS_STORE);
  expect(entry.receipt).toMatchObject({
    covers: [scaled],
    pools: [{ pool: "web", outcome: "applied", from: 3, to: 4 }],
  });
  expect(await readChecks(scaled)).toMatchObject([
    { name: "pulumiscale/apply (store)", conclusion: "success" },
  ]);
});

it("a scale commit that still has the former name is covered, and named in Pulumi's history", {
  timeout: TIMEOUT,
}, async () => {
  const late = await repository.scale("web", "shop:webCount", 4, 5);
  await repository.checkout(late);
  expect(await repository.apply(OTHER, AS_STORE)).toMatchObject({
    kind: "done",
    receipt: { covers: [late], outcome: "applied" },
  });
  const history = await repository.stack.pulumi("stack", "history", "--json", "--stack", "dev");
  const [newest] = JSON.parse(history) as { message: string }[];
  expect(newest?.message).toContain("scale(store): web 4 → 5");
  expect(newest?.message).toContain(`Pulumiscale-Commit: ${late}`);
});

it.each([
  ["of another stack", { project: "other" }, "ledger: trust-writers\n"],
  ["that nobody has signed", { applied: { web: 3, queue: 5, idle: 1 } }, ""],
] as const)("an entry under a former name %s covers nothing", { timeout: TIMEOUT }, async (_, over, more) => {
  const { github } = repository;
  const text = (await github.readFile(REPO, "stacks/store.json", "pulumiscale")) ?? "";
  const files = {
    ".github/pulumiscale.yml": `${more}${SETTINGS.replace("store:", "window:").replace("shop.dev", "store")}`,
  };
  await repository.checkout(await repository.push(files));
  await github.commit(REPO, {
    branch: "pulumiscale",
    message: "by somebody",
    files: {
      "stacks/store.json": JSON.stringify({ ...JSON.parse(text), ...over }),
      "stacks/window.json": null,
    },
  });
  // What the commit says is of the stack, and the entry is older than it.
  await repository.checkout(await repository.scale("web", "shop:webCount", 5, 6));
  await repository.fullUp();
  const entry = await repository.publish({ alias: "window" });
  expect(entry.receipt).toMatchObject({ covers: [], pools: [] });
  await repository.checkout(await repository.scale("web", "shop:webCount", 6, 5));
  await github.commit(REPO, {
    branch: "pulumiscale",
    message: "as before",
    files: { "stacks/store.json": text },
  });
});
