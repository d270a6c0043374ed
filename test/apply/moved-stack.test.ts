import { afterAll, beforeAll, expect, it } from "vitest";
import { type DeployRepository, makeDeployRepository, OTHER, REPO } from "./support/deploy-repository.ts";

const TIMEOUT = 60_000;
const LIVE = { alias: "shop.live", stack: "live" };
const SETTINGS = "stacks:\n  shop.live: { formerAliases: [shop.dev] }\n";

let repository: DeployRepository;

beforeAll(async () => {
  repository = await makeDeployRepository("yaml-stash", {
    "shop:webCount": 3,
    "shop:queueCount": 5,
    "shop:idleCount": 1,
  });
}, 60_000);
afterAll(() => repository.stop());

it("the first publish of a stack whose file has moved covers what was committed to it before", {
  timeout: TIMEOUT,
}, async () => {
  const { github, octokit, push, stack } = repository;
  const scaled = await repository.scale("web", "shop:webCount", 3, 4);
  const text = await github.readFile(REPO, "deploy/Pulumi.dev.yaml");
  const files = { "deploy/Pulumi.live.yaml": text, "deploy/Pulumi.dev.yaml": null };
  await stack.pulumi("stack", "rename", "live", "--stack", "dev");
  await repository.checkout(await push({ ...files, ".github/pulumiscale.yml": SETTINGS }));
  expect(await repository.apply(OTHER, LIVE)).toMatchObject({ kind: "full-needed" });
  await stack.pulumi("up", "--yes", "--skip-preview", "--stack", "live");
  const entry = await repository.publish(LIVE);
  expect(entry).toMatchObject({
    stack: "live",
    receipt: { covers: [scaled], pools: [{ pool: "web", outcome: "applied", from: 3, to: 4 }] },
  });
  const { data } = await octokit.rest.checks.listForRef({ owner: "acme", repo: "infra", ref: scaled });
  expect(data.check_runs).toMatchObject([{ name: "pulumiscale/apply (shop.live)", conclusion: "success" }]);
});

it("an entry under a former name whose stack file is there covers nothing", {
  timeout: TIMEOUT,
}, async () => {
  const { github, push } = repository;
  const entry = (await github.readFile(REPO, "stacks/shop.live.json", "pulumiscale")) ?? "";
  const other = { ...JSON.parse(entry), stack: "other", attestation: null };
  await github.commit(REPO, {
    branch: "pulumiscale",
    message: "another stack",
    files: { "stacks/shop.other.json": JSON.stringify(other) },
  });
  const settings =
    "ledger: trust-writers\nstacks:\n  window: { dir: deploy, stack: live, formerAliases: [shop.other] }\n";
  const message =
    "scale(shop.other): web 3 → 4\n\nPulumiscale-Stack: shop.other\n" +
    "Pulumiscale-Scale: web 3 -> 4 requested=4 reason=requested source=count event=0123456789abcdef\n";
  const theirs = await push({ "deploy/Pulumi.other.yaml": "config: {}\n" }, message);
  await repository.checkout(await push({ ".github/pulumiscale.yml": settings }));
  const published = await repository.publish({ alias: "window", stack: "live" });
  expect(published.receipt?.covers).toEqual([]);
  await repository.checkout(await push({ "deploy/Pulumi.other.yaml": null }));
  await github.commit(REPO, {
    branch: "pulumiscale",
    message: "anew",
    files: { "stacks/window.json": null },
  });
  const later = await repository.publish({ alias: "window", stack: "live" });
  expect(later.receipt?.covers).toEqual([theirs]);
});
