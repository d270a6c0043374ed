import { afterAll, beforeAll, expect, it } from "vitest";
import { LedgerEntry } from "../../src/ledger/entry.ts";
import { type DeployRepository, makeDeployRepository, REPO } from "./support/deploy-repository.ts";

const TIMEOUT = 60_000;

let repository: DeployRepository;

beforeAll(async () => {
  repository = await makeDeployRepository("yaml-stash", {
    "shop:webCount": 3,
    "shop:queueCount": 5,
    "shop:idleCount": 1,
  });
}, 60_000);
afterAll(() => repository.stop());

/** Moves the whole program, and checks that out. Answers the commit. */
async function move(from: string, to: string, more: Record<string, string> = {}): Promise<string> {
  const { checkout, github, push, stack } = repository;
  const files: Record<string, string | null> = { ...more };
  for (const name of [...stack.programFiles, "Pulumi.dev.yaml"]) {
    files[`${to}/${name}`] = await github.readFile(REPO, `${from}/${name}`);
    files[`${from}/${name}`] = null;
  }
  const oid = await push(files, "move the folder");
  await checkout(oid);
  return oid;
}

async function readEntryText(alias = "shop.dev"): Promise<string> {
  return (await repository.github.readFile(REPO, `stacks/${alias}.json`, "pulumiscale")) ?? "";
}

/** Puts something into the ledger that no deploy job has written. */
const putEntries = (files: Record<string, string | null>) =>
  repository.github.commit(REPO, { branch: "pulumiscale", message: "by somebody", files });

it("the first publish after a folder has moved covers what was committed before, and says where the file stood", {
  timeout: TIMEOUT,
}, async () => {
  expect(await readEntryText()).not.toContain("formerPaths");
  const { octokit } = repository;
  const before = (await repository.github.readRef(REPO, "main")) ?? "";
  const scaled = await repository.scale("web", "shop:webCount", 3, 4);
  await move("deploy", "apps/shop");
  const applied = await repository.apply({ kind: "push", before }, { folder: "apps/shop" });
  expect(applied).toMatchObject({ kind: "full-needed" });
  expect(await repository.publish({ folder: "apps/shop" })).toMatchObject({
    dir: "apps/shop",
    formerPaths: ["deploy/Pulumi.dev.yaml"],
    receipt: { covers: [scaled], pools: [{ pool: "web", outcome: "applied", from: 3, to: 4 }] },
  });
  const { data } = await octokit.rest.checks.listForRef({ owner: "acme", repo: "infra", ref: scaled });
  expect(data.check_runs).toMatchObject([{ name: "pulumiscale/apply (shop.dev)", conclusion: "success" }]);
});

it("the next ones go on saying so, and of a second move first", { timeout: TIMEOUT }, async () => {
  const again = await repository.publish({ folder: "apps/shop" });
  expect(again.formerPaths).toEqual(["deploy/Pulumi.dev.yaml"]);
  await move("apps/shop", "shop");
  // An apply in between may have noted a commit that is later than the move.
  const moved = await move("shop", "depot");
  const entry = LedgerEntry.parse(JSON.parse(await readEntryText()));
  await putEntries({ "stacks/shop.dev.json": JSON.stringify({ ...entry, commit: moved }) });
  await repository.checkout(await repository.push({ ".github/pulumiscale.yml": "ledger: trust-writers\n" }));
  const published = await repository.publish({ folder: "depot" });
  expect(published.formerPaths).toEqual(["apps/shop/Pulumi.dev.yaml", "deploy/Pulumi.dev.yaml"]);
});

it("what nobody has signed says nothing of where the file stood", { timeout: TIMEOUT }, async () => {
  const signed = await readEntryText();
  const forged = { ...JSON.parse(signed), formerPaths: ["elsewhere/Pulumi.dev.yaml"] };
  await putEntries({ "stacks/shop.dev.json": JSON.stringify(forged) });
  await repository.checkout(await repository.push({ ".github/pulumiscale.yml": null }));
  expect((await repository.publish({ folder: "depot" })).formerPaths).toBeUndefined();
  await putEntries({ "stacks/shop.dev.json": signed });
});

it("a stack whose alias the repository file moves with its folder is the same", {
  timeout: TIMEOUT,
}, async () => {
  const settings = (dir: string) => ({
    ".github/pulumiscale.yml": `stacks:\n  store: { dir: ${dir}, stack: dev }\n`,
  });
  await repository.checkout(await repository.push(settings("depot")));
  await repository.publish({ alias: "store", folder: "depot" });
  await move("depot", "store", settings("store"));
  const published = await repository.publish({ alias: "store", folder: "store" });
  expect(published.formerPaths).toEqual(["depot/Pulumi.dev.yaml"]);
});

it("a copy of a program has not moved", { timeout: TIMEOUT }, async () => {
  const { checkout, github, push, stack } = repository;
  const files: Record<string, string | null> = {
    ".github/pulumiscale.yml": "stacks:\n  store: { dir: copy, stack: dev }\n",
  };
  for (const name of [...stack.programFiles, "Pulumi.dev.yaml"])
    files[`copy/${name}`] = await github.readFile(REPO, `store/${name}`);
  await checkout(await push(files));
  const published = await repository.publish({ alias: "store", folder: "copy" });
  expect(published.formerPaths).toBeUndefined();
});
