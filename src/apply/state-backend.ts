import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { PulumiReadError } from "./pulumi-errors.ts";
import { type PulumiSettings, readWithPulumi } from "./pulumi-process.ts";

/** Where Pulumi keeps the state: a folder of this machine, a bucket or a database, or Pulumi Cloud (of whichever host). */
export type StateBackend =
  | { kind: "folder"; path: string }
  | { kind: "bucket"; scheme: string }
  | { kind: "cloud" };

/**
 * Finds the backend that Pulumi would use. Starts no process where `PULUMI_BACKEND_URL` says it, else one, which also
 * knows of a backend in Pulumi.yaml and of a login. Throws `PulumiReadError`.
 */
export async function readStateBackend(settings: PulumiSettings): Promise<StateBackend> {
  const given = settings.environment.PULUMI_BACKEND_URL;
  return parseBackendUrl(given || (await askForUrl(settings)), settings);
}

/** Throws `PulumiReadError` where the address has no scheme. */
export function parseBackendUrl(
  url: string,
  { workDir, environment }: Pick<PulumiSettings, "workDir" | "environment">,
): StateBackend {
  if (url.startsWith(FILE)) {
    const path = url.slice(FILE.length).split("?")[0] ?? "";
    const home = () => homeOf(environment);
    const expanded = path === "~" ? home() : path.startsWith("~") ? join(home(), path.slice(2)) : path;
    return { kind: "folder", path: decodePath(resolve(workDir, expanded)) };
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    throw new PulumiReadError(
      "name its backend",
      "",
      "Log in with `pulumi login`, or set PULUMI_BACKEND_URL.",
    );
  }
  return scheme === "https" || scheme === "http" ? { kind: "cloud" } : { kind: "bucket", scheme };
}

const FILE = "file://";

const Whoami = z.object({ url: z.string() });

async function askForUrl(settings: PulumiSettings): Promise<string> {
  const run = await readWithPulumi(["whoami", "--json", "--verbose"], settings);
  const answer = run.exitCode === 0 ? Whoami.safeParse(JSON.parse(run.stdout)) : undefined;
  if (answer?.success) return answer.data.url;
  const advice = "Log in with `pulumi login`, or set PULUMI_BACKEND_URL.";
  throw new PulumiReadError("name its backend", run.stderr, advice);
}

/** As Pulumi itself does: the system's home of the user, which need not be `$HOME`. */
function homeOf(environment: PulumiSettings["environment"]): string {
  try {
    return userInfo().homedir;
  } catch {
    return environment.HOME ?? "/";
  }
}

/** Pulumi makes a URL of the path, where `%20` is a blank and `#` ends it. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path.split("#")[0] ?? "");
  } catch {
    return path;
  }
}
