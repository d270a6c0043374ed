import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DeployRepository, REPO } from "../../apply/support/deploy-repository.ts";
import { bundleAction } from "../../setup/bundle-action.ts";

const entry = fileURLToPath(new URL("../../../action/main.ts", import.meta.url));

export type ActionRequest = {
  inputs: Record<string, string>;
  eventName: string;
  event: object;
  ref: string;
  sha: string;
  /** More of the job's environment. */
  environment?: Record<string, string>;
};

export type ActionRun = { exitCode: number; log: string; outputs: Record<string, string>; summary: string };

/** The Action as the runner starts it: its bundle as a process, without any packages around it. */
export type BundledAction = {
  run: (request: ActionRequest) => Promise<ActionRun>;
  remove: () => Promise<void>;
};

/** Bundles the Action for runs on the stack of this repository. */
export async function openBundledAction(repository: DeployRepository): Promise<BundledAction> {
  const folder = join(repository.stack.environment.HOME ?? "", "runner");
  const bundle = await mkdtemp(join(tmpdir(), "pulumiscale-action-"));
  await writeFile(join(bundle, "package.json"), '{ "type": "module" }\n');
  for (const [name, contents] of await bundleAction(entry, bundle))
    await writeFile(join(bundle, name), contents);
  return {
    run: async ({ inputs, eventName, event, ref, sha, environment }) => {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "event.json"), JSON.stringify(event));
      const given = Object.entries({ "stack-name": "dev", "work-dir": "deploy", ...inputs });
      const child = spawn(process.execPath, [join(bundle, "index.js")], {
        cwd: folder,
        env: {
          ...repository.stack.environment,
          ...repository.jobVariables,
          ...Object.fromEntries(given.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
          GITHUB_REPOSITORY: REPO,
          GITHUB_SHA: sha,
          GITHUB_REF: ref,
          GITHUB_EVENT_NAME: eventName,
          GITHUB_EVENT_PATH: join(folder, "event.json"),
          GITHUB_API_URL: repository.github.apiUrl,
          GITHUB_SERVER_URL: repository.github.url,
          GITHUB_RUN_ID: "7",
          GITHUB_WORKSPACE: join(repository.stack.workDir, ".."),
          GITHUB_OUTPUT: join(folder, "output"),
          GITHUB_STEP_SUMMARY: join(folder, "summary"),
          ...environment,
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let log = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (data: Buffer) => (log += data.toString()));
      await once(child, "close");
      const read = (name: string) => readFile(join(folder, name), "utf8").catch(() => "");
      const outputs = [...(await read("output")).matchAll(/^(\S+)<<(\S+)\n(.*?)\n\2$/gms)];
      return {
        exitCode: child.exitCode ?? -1,
        log,
        outputs: Object.fromEntries(outputs.map(([, name = "", , value = ""]) => [name, value])),
        summary: await read("summary"),
      };
    },
    remove: () => rm(bundle, { recursive: true, force: true }),
  };
}
