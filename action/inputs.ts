import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { DeployJob } from "../src/apply/deploy-job.ts";
import type { Trigger } from "../src/apply/read-decision.ts";
import { secretsOf } from "../src/apply/redact.ts";
import { Alias } from "../src/domain/names.ts";
import { findKubeconfig } from "../src/kubernetes/find-kubeconfig.ts";

/** All that a run of the Action is told, by its inputs and by the runner. */
export type Inputs = {
  command: "apply" | "publish" | "preview" | "pending" | "apply-plan";
  job: DeployJob;
  /** Of `apply-plan`. */
  plans: PlanInputs;
  /** The commit that the workflow runs for. */
  commit: string;
  /** The branch that the run is for; null for a pull request or a tag. */
  branch: string | null;
  /** The pull request that the run is for; null where it is for none. */
  pull: PullEvent | null;
  token: string;
  apiUrl: string;
  /** Who signs ledger entries, as its tokens say; null: GitHub Actions of that GitHub. */
  oidcIssuer: string | null;
  /** Where the job asks for OIDC tokens, and with what; undefined where it may not. */
  idToken: { url: string | undefined; token: string | undefined };
  /** Values that no line may show. */
  secrets: string[];
  /** Where outputs and the summary go. */
  outputFile: string | null;
  summaryFile: string | null;
};

/** How plans for Kubernetes are applied. */
export type PlanInputs = {
  /** The only one; null: all. */
  target: string | null;
  /** The context of the kubeconfig in place of the plan's; null: the plan's. */
  kubeContext: string | null;
  /** How long each workload is waited for. */
  timeoutSeconds: number;
  onConflict: "refuse" | "take-over";
  /** The files of the kubeconfig. */
  kubeconfig: string[];
};

/** What the event says of a pull request. A fork's branch may have any name, and its text is nobody's that we know. */
export type PullEvent = { number: number; branch: string; headOid: string; origin: "own" | "fork" };

/** An input or a variable of the runner is wrong; the sentence names each, never a secret's value. */
export class InputError extends Error {
  readonly code = "input";
  constructor(problems: readonly string[]) {
    super(`The Action cannot run, since ${problems.join("; ")}.`);
    this.name = "InputError";
  }
}

const Flag = z
  .enum(["true", "false"], { error: "it has to be true or false" })
  .transform((text) => text === "true");
const text = z.string().trim();

const Given = z.object({
  command: z.enum(["apply", "publish", "preview", "pending", "apply-plan"], {
    error: "it has to be apply, publish, preview, pending or apply-plan",
  }),
  "stack-name": text,
  "work-dir": text.transform((path) => path || "."),
  alias: z.union([z.literal(""), Alias]),
  "cloud-url": text,
  refresh: Flag,
  "policy-packs": text.transform((list) =>
    list
      .split(/[\n,]/)
      .map((path) => path.trim())
      .filter((path) => path !== ""),
  ),
  parallel: z.union(
    [
      z.literal("").transform(() => undefined),
      z
        .string()
        .regex(/^[1-9]\d{0,4}$/)
        .transform(Number),
    ],
    {
      error: "it has to be a number from 1",
    },
  ),
  "allow-unexpected": Flag,
  target: text,
  "kube-context": text,
  timeout: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, "it has to be a number of seconds from 1")
    .transform(Number),
  "force-conflicts": Flag,
  "base-branch": text,
  "github-token": text.min(1, "it is empty"),
});

const DEFAULTS = {
  command: "apply",
  refresh: "false",
  "allow-unexpected": "false",
  timeout: "600",
  "force-conflicts": "false",
} as const;

const Runner = z.object({
  GITHUB_REPOSITORY: z.string().regex(/^[^/\s]+\/[^/\s]+$/, "it has to be owner/repo"),
  GITHUB_SHA: z.string().regex(/^[0-9a-f]{40,64}$/, "it has to be a commit"),
  GITHUB_EVENT_NAME: z.string().default(""),
  GITHUB_EVENT_PATH: z.string().default(""),
  GITHUB_REF: z.string().default(""),
  GITHUB_API_URL: z.string().default("https://api.github.com"),
  GITHUB_SERVER_URL: z.string().default("https://github.com"),
  GITHUB_RUN_ID: z.string().default(""),
  GITHUB_RUN_ATTEMPT: z.string().default(""),
  GITHUB_WORKSPACE: z.string().default("."),
  ACTIONS_ID_TOKEN_REQUEST_URL: z.string().optional(),
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: z.string().optional(),
  PULUMISCALE_OIDC_ISSUER: z.union([z.literal(""), z.url()]).default(""),
  GITHUB_OUTPUT: z.string().optional(),
  GITHUB_STEP_SUMMARY: z.string().optional(),
});

const Event = z.object({
  before: z.string().optional(),
  repository: z.object({ default_branch: z.string().optional() }).optional(),
  pull_request: z
    .object({
      number: z.int(),
      head: z.object({
        ref: z.string(),
        sha: z.string(),
        // A fork that was deleted is none any more.
        repo: z.object({ full_name: z.string() }).nullish(),
      }),
    })
    .nullish(),
});

/** Reads everything. The only part of the Action that reads the environment. Throws `InputError`. */
export function readInputs(environment: Readonly<Record<string, string | undefined>> = process.env): Inputs {
  const given = Given.safeParse(
    Object.fromEntries(
      Object.keys(Given.shape).map((name) => [name, inputOf(environment, name) || defaultOf(name)]),
    ),
  );
  const runner = Runner.safeParse(environment);
  if (!given.success || !runner.success) {
    throw new InputError([
      ...(given.error?.issues ?? []).map(
        ({ path, message }) => `the input ${path.join(".")} is wrong (${message})`,
      ),
      ...(runner.error?.issues ?? []).map(
        ({ path, message }) => `the runner's ${path.join(".")} is wrong (${message})`,
      ),
    ]);
  }
  const inputs = given.data;
  const run = runner.data;
  const hasStack = inputs.command !== "pending" && inputs.command !== "apply-plan";
  if (hasStack && inputs["stack-name"] === "")
    throw new InputError([`the input stack-name is empty; set it to the stack, as in org/project/stack`]);
  const [owner = "", repo = ""] = run.GITHUB_REPOSITORY.split("/");
  const event = readEvent(run.GITHUB_EVENT_PATH);
  const attempt = run.GITHUB_RUN_ATTEMPT === "" ? "" : `/attempts/${run.GITHUB_RUN_ATTEMPT}`;
  return {
    command: inputs.command,
    commit: run.GITHUB_SHA,
    branch: /^refs\/heads\/(.+)$/.exec(run.GITHUB_REF)?.[1] ?? null,
    pull: run.GITHUB_EVENT_NAME === "pull_request" ? pullOf(event, run.GITHUB_REPOSITORY) : null,
    token: inputs["github-token"],
    apiUrl: run.GITHUB_API_URL,
    oidcIssuer: run.PULUMISCALE_OIDC_ISSUER || null,
    idToken: { url: run.ACTIONS_ID_TOKEN_REQUEST_URL, token: run.ACTIONS_ID_TOKEN_REQUEST_TOKEN },
    secrets: [...new Set([inputs["github-token"], ...secretsOf(environment)])],
    outputFile: run.GITHUB_OUTPUT ?? null,
    summaryFile: run.GITHUB_STEP_SUMMARY ?? null,
    plans: {
      target: inputs.target || null,
      kubeContext: inputs["kube-context"] || null,
      timeoutSeconds: inputs.timeout,
      onConflict: inputs["force-conflicts"] ? "take-over" : "refuse",
      kubeconfig: findKubeconfig(null, environment),
    },
    job: {
      repository: {
        owner,
        repo,
        baseBranch: inputs["base-branch"] || (event.repository?.default_branch ?? "main"),
      },
      workDir: join(run.GITHUB_WORKSPACE, inputs["work-dir"]),
      stackName: inputs["stack-name"],
      alias: inputs.alias || null,
      trigger: triggerOf(run.GITHUB_EVENT_NAME, event.before),
      runUrl:
        run.GITHUB_RUN_ID === ""
          ? null
          : `${run.GITHUB_SERVER_URL}/${run.GITHUB_REPOSITORY}/actions/runs/${run.GITHUB_RUN_ID}${attempt}`,
      cloudUrl: inputs["cloud-url"] || null,
      environment: withoutInputs(environment),
      refresh: inputs.refresh,
      policyPacks: inputs["policy-packs"].map((path) => join(run.GITHUB_WORKSPACE, path)),
      parallel: inputs.parallel,
      unexpectedChanges: inputs["allow-unexpected"] ? "allow" : "refuse",
    },
  };
}

function triggerOf(event: string, before: string | undefined): Trigger {
  return event === "push" && before !== undefined ? { kind: "push", before } : { kind: "other" };
}

function pullOf({ pull_request: pull }: z.infer<typeof Event>, repository: string): PullEvent | null {
  if (pull == null) return null;
  const { ref, sha, repo } = pull.head;
  const isOwn = repo?.full_name.toLowerCase() === repository.toLowerCase();
  return { number: pull.number, branch: ref, headOid: sha, origin: isOwn ? "own" : "fork" };
}

/** A runner passes the input `work-dir` as INPUT_WORK-DIR. */
function inputOf(environment: Readonly<Record<string, string | undefined>>, name: string): string {
  return (environment[`INPUT_${name.toUpperCase()}`] ?? "").trim();
}

function defaultOf(name: string): string {
  return Object.entries(DEFAULTS).find(([key]) => key === name)?.[1] ?? "";
}

function readEvent(path: string): z.infer<typeof Event> {
  if (path === "") return {};
  try {
    return Event.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    throw new InputError([`the event in GITHUB_EVENT_PATH is not readable (${path})`]);
  }
}

/** Pulumi gets the job's environment without our own token and inputs. */
function withoutInputs(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("INPUT_")));
}
