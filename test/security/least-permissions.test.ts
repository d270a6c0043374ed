import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { APP_EVENTS, APP_PERMISSIONS } from "../forge/app-permissions.ts";
import type { Permissions } from "../github/github-stand-in.ts";
import { eventually } from "../support/app-world.ts";
import { GATED, REPO, STACK_PATH, startGuardWorld, withWeb } from "../support/guard-world.ts";
import { quiet } from "./quiet.ts";

type World = Awaited<ReturnType<typeof startGuardWorld>>;

/** What the App is there for. Each resolves when it has come about, and rejects where it has not. */
const FLOWS: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  "a scale is merged": async ({ post, stackFile }) => {
    await post("/scale/web", { value: 5 });
    await eventually(stackFile, (text) => text === withWeb(5), WITHIN_MS);
  },
  "a scale that waited for a status is merged": async (world) => {
    const { github, post, rest, stackFile } = world;
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    const { results } = await post("/scale/web", { value: 5 });
    const isTried = () => github.requests.some(({ path }) => path.endsWith("/merge"));
    await eventually(isTried, (tried) => tried, WITHIN_MS);
    await quiet(world);
    await rest("POST", `/statuses/${results[0]?.commit}`, { state: "success", context: "ci" });
    await eventually(stackFile, (text) => text === withWeb(5), WITHIN_MS);
  },
  "a person's change is judged": async ({ open, guard }) => {
    const pull = await open({ "README.md": "x" });
    await eventually(
      () => guard(pull.head),
      (run) => run?.conclusion === "success",
      WITHIN_MS,
    );
  },
  "a merge group is judged": async ({ github, app, open, guard, enqueue, stackFile }) => {
    github.protect(REPO, "main", {
      kind: "ruleset",
      requiredChecks: [{ context: "pulumiscale/guard", appId: app.appId }],
      mergeQueue: { mergeMethod: "squash" },
    });
    const pull = await open({ [STACK_PATH]: withWeb(4) });
    await eventually(
      () => guard(pull.head),
      (run) => run?.conclusion === "success",
      WITHIN_MS,
    );
    await enqueue(pull.id);
    await eventually(stackFile, (text) => text === withWeb(4), WITHIN_MS);
  },
  "a command of a team's member is carried out": async ({ github, stackFile }) => {
    github.addMember("acme", "alice");
    github.createTeam("acme", "scalers", ["alice"]);
    const [[path = "", text = ""] = []] = Object.entries(GATED);
    const rules = `${text}commands:\n  allow:\n    - teams: [scalers]\n`;
    await github.commit(REPO, { branch: "main", login: "alice", message: "rules", files: { [path]: rules } });
    const issue = await github.openIssue(REPO, { author: "alice", title: "Scaling" });
    await github.comment(REPO, issue, { author: "alice", body: "/scale web 4" });
    await eventually(stackFile, (file) => file === withWeb(4), WITHIN_MS);
  },
};
const WITHIN_MS = 6_000;

/** Each permission one step lower than it is asked for, but what every App has. */
const LOWERED: [name: string, granted: Permissions][] = Object.entries(APP_PERMISSIONS)
  .filter(([name]) => name !== "metadata")
  .map(([name, level]) => {
    const { [name]: _, ...others } = { ...APP_PERMISSIONS } as Record<string, "read" | "write">;
    return level === "write"
      ? [`${name}: read instead of write`, { ...others, [name]: "read" }]
      : [`no ${name}`, others];
  });

/** The flows that do not come about. Stops at the first one: it is a reason. */
async function firstFailure(permissions: Permissions): Promise<string | null> {
  for (const [name, run] of Object.entries(FLOWS)) {
    const world = await startGuardWorld({ files: GATED, permissions });
    try {
      await run(world);
    } catch {
      return name;
    } finally {
      await world.stop();
    }
  }
  return null;
}

describe("least permissions", { timeout: 120_000 }, () => {
  test("with what the App asks for, everything comes about", async () => {
    expect(await firstFailure(APP_PERMISSIONS)).toBeNull();
  });

  test.each(LOWERED)("%s: something does not come about", async (_what, permissions) => {
    expect(Object.keys(FLOWS)).toContain(await firstFailure(permissions));
  });
});

test("the README's table asks for the same permissions and events", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const table = readme.slice(readme.indexOf("| permission | access |")).split("\n\n")[0] ?? "";
  const rows = table
    .split("\n")
    .slice(2)
    .map((row) => row.split("|").map((cell) => cell.trim()));
  const names: Record<string, string> = { commit_statuses: "statuses" };
  const asked = rows.map(([, name = "", access = ""]) => {
    const key = name.toLowerCase().replaceAll(" ", "_");
    return [names[key] ?? key, access === "read and write" ? "write" : access];
  });
  expect(Object.fromEntries(asked)).toEqual(APP_PERMISSIONS);
  const sentence = /Subscribe to the events ([^.]+?),? and install/s.exec(readme)?.[1] ?? "";
  const events = sentence
    .split(/,| and /)
    .map((name) => name.trim().toLowerCase().replaceAll(/\s+/g, "_"))
    .filter((name) => name !== "");
  expect(events.toSorted()).toEqual(APP_EVENTS.toSorted());
});
