import { systemClock } from "../../clock.ts";
import type { Git } from "../../forge/git.ts";
import { alertmanagerMessage, type DemoResult, demoClient } from "./ask-sidecar.ts";
import type { DemoProgram } from "./make-program.ts";
import type { SidecarProcess } from "./start-sidecar-process.ts";
import type { Story } from "./story.ts";

/** Sends what senders send and tells what becomes of it. Throws where that is not what the demo shows. */
export async function tellScaling(
  story: Story,
  program: DemoProgram,
  sidecar: SidecarProcess,
  git: Git,
): Promise<void> {
  const client = demoClient(program, sidecar);
  const sent = new Date(systemClock()).toISOString();
  const busy = alertmanagerMessage("WebIsBusy", "web", sent);

  story.step('An alert fires: WebIsBusy{pool="web"}');
  story.note("POST /webhook/prometheus, as Alertmanager sends it");
  const scaled = await client.send("/webhook/prometheus", busy);
  expectKind(scaled, "scale", sidecar);
  story.say(describe(scaled));

  story.step("The decision is a commit that changes one number");
  story.say(await git.ask(["log", "-1", "--patch", "--no-color", "--format=%h %an%n%n%B"], inside(program)));

  story.step("A targeted `pulumi up` has applied it");
  if (scaled.apply?.status !== "applied")
    throw new Error(`The apply did not succeed: ${scaled.apply?.message}\n${sidecar.lines.join("\n")}`);
  story.say(`receipt: ${scaled.pool} ${scaled.from} → ${scaled.to} ${scaled.apply.outcome}`);
  story.note(
    `GET /operations/${scaled.apply.operation.slice(0, 12)}… answers the same, also after a restart`,
  );

  story.step("Alertmanager sends the same alert again: one event scales once");
  const repeated = await client.send("/webhook/prometheus", busy);
  expectKind(repeated, "hold", sidecar);
  story.say(describe(repeated));

  story.step("Another alert for the same pool comes too soon");
  const early = await client.send("/webhook/prometheus", alertmanagerMessage("WebIsSlow", "web", sent));
  expectKind(early, "hold", sidecar);
  story.say(describe(early));

  story.step("Somebody asks for 500 workers: nothing outside the limits is ever written");
  story.note('POST /scale/workers {"value": 500}');
  const clamped = await client.send("/scale/workers", { value: 500 });
  expectKind(clamped, "scale", sidecar);
  story.say(`${describe(clamped)}\n${clamped.apply?.outcome ?? clamped.apply?.status ?? ""}`.trimEnd());

  story.step("The history is git's");
  for (const pool of ["web", "workers"]) {
    for (const { at, from, to, by, commit } of await client.readHistory(pool)) {
      const change = `${from ?? "?"} → ${to ?? "?"}`;
      story.say(`${at}  ${pool.padEnd(7)}  ${change.padEnd(6)}  ${by.padEnd(10)}  ${commit.slice(0, 12)}`);
    }
  }
}

function describe({ kind, from, to, reasons }: DemoResult): string {
  const what = kind === "scale" ? `scale ${from} → ${to}` : kind;
  return [what, ...reasons.map(({ code, message }) => `  ${code}: ${message}`)].join("\n");
}

function expectKind(result: DemoResult, kind: DemoResult["kind"], { lines }: SidecarProcess): void {
  if (result.kind === kind) return;
  throw new Error(`The sidecar was to ${kind}, and did not: ${describe(result)}\n${lines.join("\n")}`);
}

function inside({ workDir }: DemoProgram): { cwd: string } {
  return { cwd: workDir };
}
