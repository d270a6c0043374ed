import { describe, expect, it } from "vitest";
import { GATED, REPO, STACK_PATH, startGuardWorld, withWeb } from "../support/guard-world.ts";
import { STACK_FILE } from "../support/shop-stack.ts";

const TIMEOUT = 60_000;
const dev = (count: number) => `config:\n  shop:webCount: ${count}\n`;

describe("the guard, on what a change makes of a value", { timeout: TIMEOUT }, () => {
  it("passes what touches no pool, with one read and one write", async () => {
    const { github, open, reported } = await startGuardWorld();
    const before = github.requests.length;
    const { head } = await open({ "README.md": "hello" });
    const { output, external_id } = await reported(head, "success");
    expect(output.title).toBe("No pool's value is touched");
    expect(external_id).toMatch(/^nothing [0-9a-f]{16} alice$/);
    await github.webhooksIdle();
    const own = github.requests.slice(before).filter(({ path }) => !path.includes("/commits/"));
    expect(own.flatMap(({ operations }) => operations)).toEqual(["repository", "checks/create"]);
    expect(github.violations).toEqual([]);
  });

  it("passes a person's edit within the limits, and other edits of the stack file", async () => {
    const { open, reported } = await startGuardWorld({ files: GATED });
    const { head } = await open({ [STACK_PATH]: withWeb(5) });
    const { output } = await reported(head, "success");
    expect(output.title).toBe("web 3 → 5 is within its limits");
    expect(output.summary).toContain("| `shop.prod` | `web` | 3 | 5 | 1 to 10 | ✅ within its limits |");
    const other = await open({ [STACK_PATH]: `${STACK_FILE}  shop:zone: b\n` }, { branch: "other" });
    expect((await reported(other.head, "success")).output.title).toBe("No pool's value is touched");
  });

  it("fails a person's edit outside the limits, also on a branch that is named like ours", async () => {
    const { open, reported } = await startGuardWorld({ files: GATED });
    const over = await open({ [STACK_PATH]: withWeb(50) });
    const { output } = await reported(over.head, "failure");
    expect(output.title).toBe("web 3 → 50 is outside 1 to 10");
    expect(output.summary).toContain("50 is above max 10");
    expect(output.summary).toContain("Choose a value from 1 to 10");
    const forged = await open({ [STACK_PATH]: withWeb(0) }, { branch: "scale/shop.prod" });
    expect((await reported(forged.head, "failure")).output.title).toBe("web 3 → 0 is outside 1 to 10");
  });

  it("takes a removed value, or a renamed stack file, to a person where the pool has a threshold", async () => {
    const { open, reported } = await startGuardWorld({ files: GATED });
    const gone = await open({ [STACK_PATH]: "config:\n  shop:apiCount: 2\n" });
    expect((await reported(gone.head, "in_progress")).output.summary).toContain("the value is removed");
    const files = { [STACK_PATH]: null, "stacks/Pulumi.prod.yaml": withWeb(99) };
    const renamed = await open(files, { branch: "renamed" });
    expect((await reported(renamed.head, "in_progress")).output.title).toBe("2 pools wait for an approval");
  });

  it("fails what would be no integer", async () => {
    const { open, reported } = await startGuardWorld();
    const { head } = await open({ [STACK_PATH]: withWeb("many") });
    const { output } = await reported(head, "failure");
    expect(output.title).toBe("web would hold no usable integer");
    expect(output.summary).toContain("unusable");
  });

  it("finds a pool among more files than a comparison names", async () => {
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`a/${n}.txt`, "x"]));
    const { github, open, reported } = await startGuardWorld();
    const { head } = await open(many);
    await reported(head, "success");
    const files = { [STACK_PATH]: withWeb(99) };
    const moved = await github.commit(REPO, { branch: "change", login: "alice", message: "m", files });
    await reported(moved, "failure");
  });

  it("judges two stacks of one pull request, each by its own contract", async () => {
    const settings = `ledger: trust-writers\n${GATED[".github/pulumiscale.yml"]}`;
    const files = { ".github/pulumiscale.yml": settings, "Pulumi.dev.yaml": dev(1) };
    const { github, open, reported, publishAs } = await startGuardWorld({ files });
    await publishAs("shop.dev", (entry) => entry.replace('"stack": "prod"', '"stack": "dev"'));
    await github.webhooksIdle();
    const { head } = await open({ [STACK_PATH]: withWeb(9), "Pulumi.dev.yaml": dev(11) });
    const { output } = await reported(head, "failure");
    expect(output.title).toBe("web 1 → 11 is outside 1 to 10");
    expect(output.summary).toContain("| `shop.prod` | `web` | 3 | 9 | 1 to 10 | ⏳");
    expect(output.summary).toContain("| `shop.dev` | `web` | 1 | 11 | 1 to 10 | ❌");
  });

  it("shows text from outside as text", async () => {
    const evil = "**x** <img src=x> @acme/all [a](http://e.vil) | `";
    const { open, reported } = await startGuardWorld({
      files: { ".github/pulumiscale.yml": `"${evil}": 1\n` },
    });
    const { head } = await open({ [STACK_PATH]: withWeb(4) });
    const { output } = await reported(head, "in_progress");
    expect(output.summary).toContain("acme/all");
    expect(output.summary).not.toMatch(/<img|@acme|http:|\*\*x|\| `"/);
  });
});
