import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { alertmanagerInstall, alertmanagerNames } from "../setup/alertmanager.ts";
import { findProgram } from "../setup/find-program.ts";
import { type Alertmanager, startAlertmanager } from "../world/start-alertmanager.ts";
import { startWorld, until, type World } from "../world/start-world.ts";
import { readApi, readChecks } from "./read-api.ts";
import { Story } from "./story.ts";
import { APPROVAL_ABOVE, tellApproval } from "./tell-approval.ts";

const HELP = `npm run demo [-- --keep]

Shows a real alert turn into a really scaled resource: Alertmanager, the app, a pull request, the merge, the Action with the real
Pulumi engine, the receipt; then a large change that waits until a person approves it. Only "github.com" is a stand-in, on real
git repositories.

  --keep   leave everything running, with the addresses printed, until Ctrl-C
  --help   this text`;

const POOL = "worker-pool";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { keep: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) return console.log(HELP);
  const story = new Story();
  story.step("A team's infra repository, with a stack that is deployed");
  const files = {
    ".github/pulumiscale.yml": `defaults:\n  approval: { above: ${APPROVAL_ABOVE} }\n`,
  };
  const world = await startWorld({ cooldownSeconds: 5, files, log: (line) => story.note(line) });
  let alertmanager: Alertmanager | undefined;
  const stop = async () => {
    await alertmanager?.stop();
    await world.stop();
  };
  process.once("SIGINT", () => void stop().then(() => process.exit(130)));
  try {
    const app = await world.startApp();
    await tellStart(story, world);
    story.step("An alert fires");
    alertmanager = await fireAlert(story, world, app.url);
    await tellScale(story, world);
    await tellApproval(story, world, app.url, POOL);
    if (values.keep) await keep(story, world, app.url, alertmanager);
  } finally {
    await stop();
  }
}

async function tellStart(story: Story, world: World): Promise<void> {
  const entry = await world.readLedger();
  story.say(
    `${world.github.url}/${world.repository}, branch main; first full up done, contract published to the ledger:`,
  );
  story.say(
    `applied: ${JSON.stringify(entry?.applied)}; ${world.countWorkers()} worker processes really run`,
  );
}

/** Fires the alert with the real Alertmanager where there is one; else sends its recorded message. */
async function fireAlert(story: Story, world: World, appUrl: string): Promise<Alertmanager | undefined> {
  const url = `${appUrl}/webhook/prometheus`;
  const program = findProgram(alertmanagerNames);
  if (program !== undefined) {
    const alertmanager = await startAlertmanager({
      program,
      directory: join(world.directory, "alertmanager"),
      url,
      token: world.token,
      repeatInterval: "1h",
    });
    await alertmanager.fire(
      { alertname: "WorkersBusy", pool: POOL, severity: "page" },
      { summary: "Workers are at 93 %" },
    );
    story.say(`WorkersBusy{pool="${POOL}"} in the real Alertmanager at ${alertmanager.url}`);
    return alertmanager;
  }
  story.say(
    `There is no Alertmanager here (${alertmanagerInstall}), so its recorded message is sent instead.`,
  );
  const recorded = readFileSync(
    new URL("../../fixtures/payloads/alertmanager/firing.json", import.meta.url),
    "utf8",
  );
  const message = JSON.parse(recorded);
  for (const alert of message.alerts) alert.labels = { ...alert.labels, pool: POOL };
  const headers = { authorization: `Bearer ${world.token}`, "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(message) });
  if (!response.ok) throw new Error(`the app answered ${response.status}: ${await response.text()}`);
  return undefined;
}

async function tellScale(story: Story, world: World): Promise<void> {
  const { github, repository, stackFile, runner } = world;
  const before = (await github.readFile(repository, stackFile)) ?? "";
  story.step("The app decides and opens a pull request");
  const pull = await until(
    "a scale pull request",
    () => readPull(world),
    (found) => found !== null,
    30_000,
  );
  if (pull === null) return;
  story.say(`#${pull.number} ${pull.title}`);
  story.say(
    pull.body
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .join("\n"),
  );

  story.step("In range, so it merges: one commit, one number");
  const log = await until(
    "the merge",
    () => github.readLog(repository, "main", stackFile),
    ([newest]) => newest?.message.startsWith("scale(") === true,
    30_000,
  );
  const after = (await github.readFile(repository, stackFile)) ?? "";
  const changed = after.split("\n").flatMap((line, index) => {
    const old = before.split("\n")[index];
    return old === line ? [] : [`- ${old}`, `+ ${line}`];
  });
  story.say(log[0]?.message.trim() ?? "");
  story.say(
    changed.length === 0 ? "(the file had been changed before this step was shown)" : changed.join("\n"),
  );

  story.step("The push starts the deploy workflow: the Action runs a targeted up");
  const runs = runner.runs.length;
  await until(
    "the deploy run",
    () => runner.runs.length,
    (count) => count > Math.min(runs, 1),
    30_000,
  );
  await runner.waitForIdle();
  const run = runner.runs.at(-1);
  story.say(`${run?.workflow.name} #${run?.number} on ${run?.event}: ${run?.conclusion}`);
  if (run?.conclusion !== "success") throw new Error(`the deploy did not succeed:\n${run?.log.slice(-4000)}`);

  story.step("The receipt comes back");
  const entry = await world.readLedger();
  story.say(`ledger: applied ${JSON.stringify(entry?.applied)}`);
  story.say(`receipt: ${JSON.stringify(entry?.receipt, null, 1)}`);
  for (const check of await readChecks(world, log[0]?.oid ?? "")) story.say(`on the commit: ${check}`);

  const count = await until(
    "three workers",
    () => world.countWorkers(),
    (found) => found === 3,
    20_000,
  );
  story.done(`The resource has really scaled: ${count} worker processes run now.`);
}

type Pull = { number: number; title: string; body: string };

async function readPull(world: World): Promise<Pull | null> {
  const pulls = await readApi<Pull[]>(world, `/repos/${world.repository}/pulls?state=all`);
  return pulls.find(({ title }) => title.startsWith("scale(")) ?? null;
}

async function keep(
  story: Story,
  world: World,
  appUrl: string,
  alertmanager: Alertmanager | undefined,
): Promise<void> {
  story.step("Everything stays up until Ctrl-C");
  story.say(`app            ${appUrl}   (Authorization: Bearer ${world.token})`);
  story.say(`GitHub         ${world.github.url}/${world.repository}`);
  story.say(`clone          git clone ${world.github.url}/${world.repository}.git`);
  if (alertmanager !== undefined) story.say(`Alertmanager   ${alertmanager.url}`);
  story.say(`try            curl -H "Authorization: Bearer ${world.token}" ${appUrl}/pools`);
  story.say(
    `               curl -H "Authorization: Bearer ${world.token}" -d '{"delta": 1}' ${appUrl}/scale/${POOL}`,
  );
  await new Promise(() => {});
}

await main();
