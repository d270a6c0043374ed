import { once } from "node:events";
import { expect, it } from "vitest";
import { z } from "zod";
import { startGuardWorld } from "../support/guard-world.ts";
import { startProcess } from "../world/start-process.ts";

const Answer = z.object({ steps: z.array(z.object({ what: z.string(), how: z.string() })) });

it("lists what is there to undo, the required check before the App, and undoes nothing", async () => {
  const workflow = "on: push\njobs: { a: { steps: [{ run: pulumiscale apply --stack prod }] } }\n";
  const { github, app, open } = await startGuardWorld({
    files: { ".github/workflows/deploy.yml": workflow },
  });
  const pull = await open({ "README.md": "x" }, { branch: "scale/shop.prod" });
  await open({ "README.md": "y" }, { branch: "a-persons-own" });
  const requiredChecks = [{ context: "pulumiscale/guard", appId: app.appId }];
  github.protect("acme/infra", "main", { kind: "ruleset", requiredChecks });
  const env = {
    GITHUB_API_URL: github.apiUrl,
    GITHUB_TOKEN: github.issueToken({ kind: "user", login: "alice" }),
    APP_ID: String(app.appId),
    PRIVATE_KEY: app.privateKey,
  };
  const run = async (...args: string[]) => {
    const running = startProcess(process.execPath, ["src/cli/main.ts", "uninstall", "acme/infra", ...args], {
      env,
    });
    const [code] = await once(running.child, "close");
    return { code, text: running.lines.join("\n") };
  };
  const before = await github.listBranches("acme/infra");
  const { code, text } = await run("--dry-run", "--json");
  expect([code, Answer.parse(JSON.parse(text)).steps.map(({ what }) => what)]).toEqual([
    0,
    [
      "alerts",
      "scaling",
      `pull request #${pull.number}`,
      "branch scale/shop.prod",
      "required check on main",
      ".github/workflows/deploy.yml",
      `the App ${app.slug}`,
      "branch pulumiscale",
      "programs",
    ],
  ]);
  expect(await github.listBranches("acme/infra")).toEqual(before);
  expect((await run()).code).toBe(2);
  expect((await run("--dry-run")).text).toContain("Close it (scale/shop.prod)");
});
