import type { ApplyForge } from "../apply/apply-forge.ts";
import type { ApplyWorld } from "../apply/apply-stack.ts";
import type { DeployJob } from "../apply/deploy-job.ts";
import { passwordOf, redactor, secretsOf } from "../apply/redact.ts";
import { systemClock } from "../clock.ts";
import { createApplyForge } from "../forge/github-apply-client.ts";
import { IssuerKeys } from "../ledger/issuer-keys.ts";
import { LedgerJudge } from "../ledger/ledger-judge.ts";
import { oidcIssuerOf } from "../ledger/oidc-issuer.ts";
import { idTokenRequest } from "../ledger/request-id-token.ts";
import { UsageError } from "./usage-error.ts";

/** The flags of `apply`, `publish`, `preview` and `pending`. */
export type DeployFlags = {
  /** The Pulumi program's directory; the working directory unless given. */
  dir?: string;
  /** `stack`, `org/stack` or `org/project/stack`; not needed by `pending`. */
  stack?: string;
  alias?: string;
  /** `owner/repo`; GITHUB_REPOSITORY unless given. */
  repo?: string;
  /** `main` unless given. */
  baseBranch?: string;
  /** The commit that stood on the base branch before the push that this run is for, as other CIs know it. */
  before?: string;
  cloudUrl?: string;
  refresh?: boolean;
  policyPack?: string[];
  parallel?: number;
  allowUnexpected?: boolean;
  json?: boolean;
};

/** What a deploy command works with: where it stands, the outside, and how it is interrupted. */
export type DeployCommand = { job: DeployJob; world: ApplyWorld; forge: ApplyForge; watch: DeployWatch };
export type DeployWatch = { onLine: (line: string) => void; signal: AbortSignal };

/** Reads flags and environment. What is said goes to stderr, so that stdout is the answer alone. Throws `UsageError`. */
export function readDeployFlags(
  flags: DeployFlags,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): DeployCommand {
  const token = environment.GITHUB_TOKEN ?? environment.GH_TOKEN ?? "";
  if (token === "") {
    throw new UsageError(
      "GITHUB_TOKEN is not set, so the repository cannot be read. Set it to a token with `contents: write` and `checks: write`.",
    );
  }
  const repository = flags.repo ?? environment.GITHUB_REPOSITORY ?? "";
  const [owner, repo, ...more] = repository.split("/");
  if (!owner || !repo || more.length > 0) {
    throw new UsageError("No repository is named. Give --repo owner/name, or set GITHUB_REPOSITORY.");
  }
  const redact = redactor([token, ...secretsOf(environment), passwordOf(flags.cloudUrl ?? "") ?? ""]);
  const apiUrl = environment.GITHUB_API_URL ?? "https://api.github.com";
  const keys = new IssuerKeys(environment.PULUMISCALE_OIDC_ISSUER || oidcIssuerOf(apiUrl), systemClock);
  const tell = (line: string) => console.error(redact(line));
  const forge = createApplyForge(token, apiUrl, tell);
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort());
  process.once("SIGTERM", () => interrupt.abort());
  return {
    forge,
    watch: { onLine: tell, signal: interrupt.signal },
    world: {
      forge,
      ledger: {
        judge: new LedgerJudge(keys, systemClock),
        requestToken: idTokenRequest(
          environment.ACTIONS_ID_TOKEN_REQUEST_URL,
          environment.ACTIONS_ID_TOKEN_REQUEST_TOKEN,
        ),
      },
      clock: systemClock,
      redact,
      say: (level, text) => tell(level === "info" ? text : `${level}: ${text}`),
    },
    job: {
      repository: { owner, repo, baseBranch: flags.baseBranch ?? "main" },
      workDir: flags.dir ?? ".",
      stackName: flags.stack ?? "",
      alias: flags.alias ?? null,
      trigger: flags.before === undefined ? { kind: "other" } : { kind: "push", before: flags.before },
      runUrl: null,
      cloudUrl: flags.cloudUrl ?? null,
      environment,
      refresh: flags.refresh ?? false,
      policyPacks: flags.policyPack ?? [],
      parallel: flags.parallel,
      unexpectedChanges: flags.allowUnexpected ? "allow" : "refuse",
    },
  };
}
