import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { StepSession } from "./job-context.ts";

/** What `actions/checkout` does: fetches the commit of the run, shallow, and keeps the token for later git commands. */
export async function checkOut(
  session: StepSession,
  inputs: Readonly<Record<string, string>>,
): Promise<boolean> {
  const { job } = session;
  const text = (name: string): string => String(job.github[name] ?? "");
  const serverUrl = text("server_url");
  const repository = inputs.repository || text("repository");
  const folder = join(job.workspace, inputs.path ?? ".");
  await mkdir(folder, { recursive: true });
  const git = async (...args: string[]): Promise<void> => {
    session.write(`[command]git ${args.join(" ")}`);
    const exitCode = await session.run({ file: "git", args, cwd: folder, env: { GIT_TERMINAL_PROMPT: "0" } });
    if (exitCode !== 0) throw new Error(`The process 'git' failed with exit code ${exitCode}`);
  };
  const header = `http.${serverUrl}/.extraheader`;
  const credentials = Buffer.from(`x-access-token:${inputs.token || job.token}`).toString("base64");
  job.masks.add(credentials);
  const wanted = decideRef(inputs.ref ?? "", text("ref"), text("sha"));
  const depth = inputs["fetch-depth"] ?? "1";

  await git("-c", "init.defaultBranch=main", "init", "--quiet", ".");
  await git("remote", "add", "origin", `${serverUrl}/${repository}.git`);
  await git("config", "--local", "gc.auto", "0");
  await git("config", "--local", header, `AUTHORIZATION: basic ${credentials}`);
  const all = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
  const refspecs = depth === "0" ? [...all, wanted.refspec] : [`--depth=${depth}`, wanted.refspec];
  await git(
    "-c",
    "protocol.version=2",
    "fetch",
    "--quiet",
    "--no-tags",
    "--prune",
    "--no-recurse-submodules",
    "origin",
    ...refspecs,
  );
  await git("checkout", "--quiet", "--force", ...wanted.checkout);
  await git("log", "-1", "--format=%H");
  const forget = ["config", "--local", "--unset-all", header];
  if (inputs["persist-credentials"] === "false") await git(...forget);
  else {
    job.posts.push({
      id: null,
      name: "Post Run actions/checkout",
      condition: "always()",
      continueOnError: true,
      timeoutMinutes: undefined,
      env: {},
      execute: async (running) => (await running.run({ file: "git", args: forget, cwd: folder })) === 0,
    });
  }
  return true;
}

interface WantedRef {
  readonly refspec: string;
  /** Arguments of `git checkout`. */
  readonly checkout: readonly string[];
}

/** Without a `ref`, the run's own commit, under the name of its branch. */
function decideRef(asked: string, runRef: string, sha: string): WantedRef {
  if (/^[0-9a-f]{40}$/.test(asked)) return { refspec: asked, checkout: ["--detach", asked] };
  const ref = asked === "" ? runRef : asked;
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1];
  if (tag !== undefined)
    return { refspec: `+${sha}:refs/tags/${tag}`, checkout: ["--detach", `refs/tags/${tag}`] };
  const branch = ref.replace(/^refs\/heads\//, "");
  const source = asked === "" ? sha : `refs/heads/${branch}`;
  return {
    refspec: `+${source}:refs/remotes/origin/${branch}`,
    checkout: ["-B", branch, `refs/remotes/origin/${branch}`],
  };
}
