import { until, type World } from "../world/start-world.ts";
import { readApi, readChecks } from "./read-api.ts";
import type { Story } from "./story.ts";

/** More than this waits for a person. */
export const APPROVAL_ABOVE = 4;
const WANTED = 6;

type Answer = { results: { kind: string; reasons: { message: string }[]; pullRequest: number | null }[] };
type Pull = { title: string; merged: boolean; labels: { name: string }[]; head: { sha: string } };

/** A change over the threshold: it waits in a pull request until a person with write access approves its head. */
export async function tellApproval(story: Story, world: World, appUrl: string, pool: string): Promise<void> {
  const { github, repository, runner } = world;
  story.step(`A large change: ${WANTED} workers, where more than ${APPROVAL_ABOVE} need a person`);
  const ask = async (): Promise<Answer["results"][number] | undefined> => {
    const response = await fetch(`${appUrl}/scale/${pool}`, {
      method: "POST",
      headers: { authorization: `Bearer ${world.token}`, "content-type": "application/json" },
      body: JSON.stringify({ value: WANTED }),
    });
    return ((await response.json()) as Answer).results[0];
  };
  const first = await ask();
  if (first?.kind === "hold")
    story.say(`held at first: ${first.reasons.map(({ message }) => message).join("; ")}`);
  const asked =
    first?.kind === "scale"
      ? first
      : await until("the end of the cooldown", ask, (it) => it?.kind === "scale");
  for (const { message } of asked?.reasons ?? []) story.say(message);
  const number = asked?.pullRequest ?? 0;
  const readPull = () => readApi<Pull>(world, `/repos/${repository}/pulls/${number}`);
  const pull = await readPull();
  story.say(`#${number} ${pull.title}  [${pull.labels.map(({ name }) => name).join(", ")}]`);
  const checks = await until(
    "the guard's word",
    () => readChecks(world, pull.head.sha),
    (lines) => lines.length > 0,
    30_000,
  );
  for (const check of checks) story.say(`on its head: ${check}`);
  story.say(`nothing has moved: ${world.countWorkers()} worker processes run`);

  story.step("Alice, who may write, approves exactly that head");
  const runs = runner.runs.length;
  await github.review(repository, number, { login: "alice", state: "APPROVED", body: "go" });
  await until("the merge", readPull, ({ merged }) => merged, 30_000);
  const [merged] = await github.readLog(repository, "main");
  story.say(merged?.message.trim() ?? "");
  await until(
    "the deploy run",
    () => runner.runs.length,
    (count) => count > runs,
    30_000,
  );
  await runner.waitForIdle();
  const count = await until(
    `${WANTED} workers`,
    () => world.countWorkers(),
    (found) => found === WANTED,
    20_000,
  );
  story.done(`The approved change is applied too: ${count} worker processes run now.`);
}
