import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { DeployWorld } from "./deploy-case.ts";

const run = promisify(execFile);

/** What happens to a Pulumi process of a deploy job, or to the job while it runs. */
export const PULUMI_FAULTS = [
  "pulumi fails at its start",
  "pulumi killed at its start",
  "pulumi killed in the middle",
  "pulumi killed at its end",
  "job killed at its start",
  "job killed in the middle",
  "job killed at its end",
  "job interrupted at its start",
  "job interrupted in the middle",
  "job interrupted at its end",
] as const;
export type PulumiFault = (typeof PULUMI_FAULTS)[number];

// In the middle: it holds the stack's lock. The one who looks for that is no parent of Pulumi, so that signals reach Pulumi.
// Two of them may start at one moment, and each has a number of its own.
const SCRIPT = `#!/bin/sh
until mkdir "$FAULT_COUNT.lock" 2>/dev/null; do sleep 0.01; done
n=$(($(cat "$FAULT_COUNT" 2>/dev/null || echo 0) + 1))
echo "$n" > "$FAULT_COUNT"
rmdir "$FAULT_COUNT.lock"
[ "$n" = "$FAULT_AT" ] || exec "$FAULT_PULUMI" "$@"
me=$$
job=$PPID
strike() {
  echo hit > "$FAULT_COUNT.hit"
  case "$FAULT_KIND" in
    "pulumi killed"*) kill -KILL "$me" ;;
    "job killed"*) kill -KILL "$job" ;;
    "job interrupted"*) kill -INT "$job" ;;
  esac
}
case "$FAULT_KIND" in
  "pulumi fails"*)
    strike
    echo "error: could not reach the backend" >&2
    exit 255 ;;
  *"at its start")
    strike
    exec "$FAULT_PULUMI" "$@" ;;
  *"in the middle")
    (
      until [ -n "$(find "$FAULT_LOCKS" -name '*.json' 2>/dev/null)" ]; do
        kill -0 "$me" 2>/dev/null || exit
        sleep 0.01
      done
      strike
    ) &
    exec "$FAULT_PULUMI" "$@" ;;
  *"at its end")
    "$FAULT_PULUMI" "$@"
    code=$?
    strike
    exit "$code" ;;
esac
`;

export type FaultyPulumi = { path: string; environment: Record<string, string>; hitFile: string };

/** A `pulumi` before the real one on the path, to whose n-th process `fault` happens. */
export async function makeFaultyPulumi(
  { repository: { stack } }: DeployWorld,
  nth: number,
  fault: PulumiFault,
): Promise<FaultyPulumi> {
  const path = join(stack.environment.HOME ?? "", "faulty");
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "pulumi"), SCRIPT, { mode: 0o755 });
  const { stdout } = await run("sh", ["-c", "command -v pulumi"], {
    env: { ...process.env, ...stack.environment },
  });
  const count = join(path, "count");
  for (const file of [count, `${count}.hit`]) await rm(file, { force: true });
  const backend = (stack.environment.PULUMI_BACKEND_URL ?? "").replace(/^file:\/\//, "");
  return {
    path,
    hitFile: `${count}.hit`,
    environment: {
      FAULT_AT: String(nth),
      FAULT_KIND: fault,
      FAULT_COUNT: count,
      FAULT_PULUMI: stdout.trim(),
      FAULT_LOCKS: join(backend, ".pulumi", "locks"),
    },
  };
}
