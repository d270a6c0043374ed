import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { eventually } from "../support/app-world.ts";
import { SLACK_PATH, startReceiver, WEBHOOK_KEY } from "../support/notify-world.ts";
import { scaleToEnd } from "./support/ask-serve.ts";
import { openProgram } from "./support/open-program.ts";
import { breakGroup } from "./support/pace-files.ts";
import { startServe } from "./support/start-serve.ts";

const FILE =
  "notifications:\n  ops: { type: slack, kinds: [failed] }\n  audit: { type: webhook }\n  other: { type: webhook }\n";

test("serve tells what was applied and what has failed, once, and no secret to its log", {
  timeout: 240_000,
}, async () => {
  const slack = await startReceiver();
  const hook = await startReceiver();
  const environment = {
    PULUMISCALE_SLACK_URL_OPS: `${slack.url}${SLACK_PATH}`,
    PULUMISCALE_WEBHOOK_URL_AUDIT: `${hook.url}/secret-path-of-audit`,
    PULUMISCALE_WEBHOOK_KEY_AUDIT: WEBHOOK_KEY,
  };
  await using program = await openDisposable();
  mkdirSync(join(program.repository, ".github"), { recursive: true });
  writeFileSync(join(program.repository, ".github/pulumiscale.yml"), FILE);
  await program.git("add", ".github");
  await program.git("commit", "-qm", "settings");
  let serve = await startServe(program, [], environment);
  const judge = new Webhook(WEBHOOK_KEY);
  const told = () => hook.posts.map(({ body, headers }) => judge.verify(body, headers));
  const untilTold = (count: number) => eventually(told, (all) => all.length >= count);

  const applied = await scaleToEnd(serve, "/scale/steady", { value: 2 });
  await untilTold(1);
  const { mend } = breakGroup(program, "fragile", "<!channel> the zone is full");
  await scaleToEnd(serve, "/scale/fragile", { value: 8 });
  expect(await untilTold(2)).toMatchObject([
    {
      type: "scale.applied",
      data: {
        subject: { kind: "scale", pullRequest: null, commit: applied.operation.commit, url: null },
        changes: [{ name: "steady", to: 2 }],
      },
    },
    {
      type: "scale.failed",
      data: { text: expect.stringMatching(/^Not applied: fragile 3 → 8 \(failed: .*the zone is full/) },
    },
  ]);
  await eventually(
    () => slack.posts.length,
    (count) => count === 1,
  );
  expect(slack.posts[0]?.body).not.toContain("<!channel>");
  expect(await serve.stop()).toBe(0);
  const lines = serve.lines.join("\n");
  expect(lines).toContain("PULUMISCALE_WEBHOOK_URL_OTHER");
  for (const secret of [SLACK_PATH, "secret-path-of-audit", WEBHOOK_KEY]) expect(lines).not.toContain(secret);

  serve = await startServe(program, [], environment);
  mend();
  await scaleToEnd(serve, "/scale/steady", { value: 3 });
  await serve.stop();
  expect(told().slice(2)).toMatchObject([{ type: "scale.applied" }, { type: "scale.applied" }]);
  const changes = told()
    .slice(2)
    .map((event) => JSON.stringify(event));
  expect(changes.filter((event) => event.includes('"fragile"'))).toHaveLength(1);
  expect(slack.posts).toHaveLength(1);

  async function openDisposable() {
    const opened = await openProgram({ program: "yaml-pace" });
    return { ...opened, [Symbol.asyncDispose]: () => opened.remove() };
  }
});
