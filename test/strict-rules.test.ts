import { describe, expect, it } from "vitest";
import { z } from "zod";
import { startAppWorld } from "./support/app-world.ts";
import { asPerson } from "./support/as-person.ts";
import type { AppWorld } from "./support/open-app-world.ts";
import { STACK_FILE } from "./support/shop-stack.ts";
import { asked, CI, isScaled, notes, pass, REPO, settled } from "./support/strict-world.ts";

const TIMEOUT = 60_000;
const Commit = z.object({ commit: z.object({ verification: z.object({ verified: z.boolean() }) }) });

/** Whether GitHub has signed the newest commit of the base branch. */
async function isSigned({ github }: AppWorld): Promise<boolean> {
  return Commit.parse(await asPerson(github, "alice")("GET", "/commits/main")).commit.verification.verified;
}

describe("a repository that takes signed commits alone", { timeout: TIMEOUT }, () => {
  it.each(["auto-merge", "no-auto-merge"] as const)("gets the change merged (%s)", async (way) => {
    const world = await asked({ kind: "ruleset", requireSignatures: true, requiredChecks: [CI] }, way);
    await pass(world);
    await isScaled(world);
    expect(await isSigned(world)).toBe(true);
    expect(world.github.violations).toEqual([]);
  });

  it("gets the change committed directly", async () => {
    const files = { ".github/pulumiscale.yml": "defaults: { delivery: direct }\n" };
    await using world = await startAppWorld({ files });
    world.github.protect(REPO, "main", { requireSignatures: true });
    const { results } = await world.post("/scale/web", { value: 5 });
    expect(results[0]).toMatchObject({ kind: "scale", to: 5, delivery: "direct" });
    expect(await isSigned(world)).toBe(true);
  });

  it("is told why a rebase cannot be, and nothing is tried for ever", async () => {
    const files = { ".github/pulumiscale.yml": "defaults: { mergeMethod: rebase }\n" };
    const world = await asked({ requireSignatures: true }, "no-auto-merge", files);
    expect(await notes(world)).toEqual([expect.stringContaining("Base branch requires signed commits")]);
    expect(await world.stackFile()).toBe(STACK_FILE);
  });
});

describe("a repository with code owners", { timeout: TIMEOUT }, () => {
  const files = { ".github/CODEOWNERS": "* @acme/ops\n" };
  const rules = { kind: "ruleset", requireCodeOwnerReview: true } as const;

  it("has whom it waits for on the pull request, and merges once one of them has approved", async () => {
    const world = await asked(rules, "no-auto-merge", files);
    const { github } = world;
    github.createUser("olga");
    github.createTeam("acme", "ops", ["olga"]);
    github.addTeamToRepository(REPO, "ops", "write");
    expect(await notes(world)).toEqual([
      expect.stringContaining("Waiting on code owner review from acme/ops"),
    ]);
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await settled(world);
    expect(await world.stackFile()).toBe(STACK_FILE);
    await github.review(REPO, 1, { login: "olga", state: "APPROVED" });
    await isScaled(world);
    expect(github.violations).toEqual([]);
  });

  it("lets the change by where nobody owns the stack file", async () => {
    const none = { ".github/CODEOWNERS": "* @acme/ops\n/Pulumi.prod.yaml\n" };
    await isScaled(await asked(rules, "no-auto-merge", none));
  });
});
