import { Git } from "../forge/git.ts";
import { makeProgram, removeProgram } from "./demo/make-program.ts";
import { requirePrograms } from "./demo/require-programs.ts";
import { startSidecarProcess } from "./demo/start-sidecar-process.ts";
import { Story } from "./demo/story.ts";
import { tellScaling } from "./demo/tell-scaling.ts";

export type DemoFlags = {
  /** Leaves the folder and says where it is. */
  keep?: boolean;
};

const INTERRUPTED = 130;

/**
 * `pulumiscale demo`: a Pulumi program in a new folder, the sidecar beside it, and what becomes of alerts, told step by step. Needs git
 * and Pulumi, no cloud and no clone. Ctrl-C ends it at any point; nothing of it is left but with `--keep`.
 */
export async function runDemo({ keep = false }: DemoFlags): Promise<number> {
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupt.abort());
  const { signal } = interrupt;
  const story = new Story();
  await requirePrograms(process.env);
  let folder: string | undefined;
  try {
    story.step("A git repository with a Pulumi program: two pools, deployed by a first `pulumi up`");
    const program = await makeProgram(process.env, signal, (made) => {
      folder = made;
    });
    story.note(program.workDir);
    story.say(program.contract);
    story.step("`pulumiscale serve` starts beside it");
    const sidecar = await startSidecarProcess(program, signal);
    try {
      story.say(`listening on ${sidecar.url}; the webhook secret is in the program's encrypted config`);
      await tellScaling(story, program, sidecar, new Git(program.environment));
    } finally {
      await sidecar.stop();
    }
    story.done("The commits are the audit log, and what the next start of the sidecar goes on from.");
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    if (folder !== undefined && !keep) await removeProgram(folder);
  }
  if (keep && folder !== undefined) story.end(`It is left in ${folder}. To look at it: . ${folder}/env`);
  if (!signal.aborted) return 0;
  story.end(keep ? "Interrupted." : "Interrupted, and cleaned up.");
  return INTERRUPTED;
}
