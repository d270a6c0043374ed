import { z } from "zod";
import type { AppFacts, DoctorFacts, EnvironmentFacts, Seen } from "../domain/doctor-facts.ts";
import { parseRepositoryFile, policyOf } from "../domain/repository-file.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import { LEDGER_BRANCH } from "../ledger/entry.ts";
import { APP_EVENTS, APP_PERMISSIONS } from "./app-manifest.ts";
import { ForgeError } from "./forge.ts";
import type { DoctorClients, DoctorRequest } from "./github-doctor-client.ts";
import { readText, readTree } from "./github-doctor-files.ts";
import { readBranchRules, readRulesets } from "./github-doctor-rules.ts";
import { seeOr, statusOf } from "./github-doctor-seen.ts";
import { readStacks } from "./github-doctor-stacks.ts";
import { toForgeError } from "./github-errors.ts";
import { GUARD_CHECK } from "./guard-forge.ts";

/** So many of each are looked at. */
const MOST_WORKFLOWS = 50;
const MOST_BRANCHES = 10;

/** Reads all that `doctor` judges; writes nothing. Throws `ForgeError`. */
export async function readDoctorFacts(
  clients: DoctorClients,
  repository: RepositoryName,
  server: DoctorFacts["server"],
): Promise<DoctorFacts> {
  try {
    return await readFacts(clients, repository, server);
  } catch (error) {
    const { code, message } = toForgeError(error, `looking at ${repository.owner}/${repository.repo}`);
    if (code !== "not-found") throw new ForgeError(code, message);
    const fix = "Set GITHUB_TOKEN to a token of someone who may read it, or install the App on it.";
    throw new ForgeError(code, `${repository.owner}/${repository.repo} is not there for who asks. ${fix}`);
  }
}

async function readFacts(
  { app, repository: request }: DoctorClients,
  repository: RepositoryName,
  server: DoctorFacts["server"],
): Promise<DoctorFacts> {
  const { data } = await request("GET /repos/{owner}/{repo}", repository);
  const defaultBranch = data.default_branch;
  const tree = await readTree(request, repository, defaultBranch);
  const texts = (paths: readonly string[]) =>
    Promise.all(paths.flatMap((path) => readText(request, repository, path, tree.get(path)) ?? []));
  const [file] = await texts([".github/pulumiscale.yml"]);
  const workflows = [...tree.keys()].filter((path) => /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path));
  const owners = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"].find((path) => tree.has(path));
  const branches = await listBranches(request, repository);
  const ledger = branches.includes(LEDGER_BRANCH);
  const stacks = ledger ? await readStacks(request, repository, tree) : [];
  const parsed = parseRepositoryFile(file?.text ?? null);
  const settings = parsed.kind === "good" ? parsed.file : {};
  const bases = new Set(stacks.map(({ alias }) => policyOf(settings, alias).branch ?? defaultBranch));
  const baseBranches = await Promise.all(
    [...(bases.size === 0 ? [defaultBranch] : bases)]
      .slice(0, MOST_BRANCHES)
      .map((branch) => readBranchRules(request, repository, branch)),
  );
  const ledgerBranch = await readBranchRules(request, repository, LEDGER_BRANCH);
  const ids = [...baseBranches, ledgerBranch].flatMap(({ rules }) =>
    rules.kind === "seen" ? rules.value.map(({ rulesetId }) => rulesetId) : [],
  );
  const methods = [
    ...(data.allow_squash_merge ? ["squash"] : []),
    ...(data.allow_merge_commit ? ["merge"] : []),
    ...(data.allow_rebase_merge ? ["rebase"] : []),
  ];
  const settingsHidden = { kind: "hidden", why: "Who asks may not see the settings on merging." } as const;
  return {
    ...repository,
    server,
    app: await readApp(app, request, repository),
    needs: { permissions: APP_PERMISSIONS, events: APP_EVENTS },
    defaultBranch,
    autoMerge:
      data.allow_auto_merge === undefined
        ? settingsHidden
        : { kind: "seen", value: data.allow_auto_merge ? "allowed" : "off" },
    mergeMethods: data.allow_squash_merge === undefined ? settingsHidden : { kind: "seen", value: methods },
    squashMessage:
      data.squash_merge_commit_message === undefined
        ? settingsHidden
        : { kind: "seen", value: data.squash_merge_commit_message === "BLANK" ? "blank" : "kept" },
    repositoryFile: file?.text ?? null,
    branches,
    ledger: ledger ? "there" : "missing",
    stacks,
    baseBranches,
    ledgerBranch,
    rulesets: await readRulesets(
      request,
      repository,
      [...new Set(ids)].filter((id) => id !== 0),
    ),
    environments: await seeOr("its environments", () => readEnvironments(request, repository)),
    workflows: await texts(workflows.slice(0, MOST_WORKFLOWS)),
    codeOwners: owners === undefined ? null : ((await texts([owners]))[0]?.text ?? null),
  };
}

async function listBranches(request: DoctorRequest, repository: RepositoryName): Promise<string[]> {
  const starts = ["scale", LEDGER_BRANCH, "configure-pulumiscale"];
  const found = await Promise.all(
    starts.map((start) =>
      request("GET /repos/{owner}/{repo}/git/matching-refs/{ref}", { ...repository, ref: `heads/${start}` }),
    ),
  );
  return found.flatMap(({ data }) => data.map(({ ref }) => ref.replace(/^refs\/heads\//, "")));
}

/** The open pull requests of branches of this repository, those of forks left out; at most a hundred. Throws `ForgeError`. */
export async function readOwnPulls(
  { repository: request }: DoctorClients,
  repository: RepositoryName,
): Promise<{ number: number; branch: string }[]> {
  try {
    const { data } = await request("GET /repos/{owner}/{repo}/pulls", {
      ...repository,
      state: "open",
      per_page: 100,
    });
    return data
      .filter(({ head, base }) => head.repo?.id === base.repo.id)
      .map(({ number, head }) => ({ number, branch: head.ref }));
  } catch (error) {
    const { code, message } = toForgeError(
      error,
      `listing the pull requests of ${repository.owner}/${repository.repo}`,
    );
    throw new ForgeError(code, message);
  }
}

const App = z.object({
  id: z.int(),
  slug: z.string(),
  permissions: z.record(z.string(), z.string()),
  events: z.array(z.string()),
});

/** By the App's own word where its key is known; else by the check that it has reported, which names its App. */
async function readApp(
  app: DoctorRequest | null,
  request: DoctorRequest,
  repository: RepositoryName,
): Promise<Seen<AppFacts | null>> {
  if (app === null) return readAppOfGuard(request, repository);
  try {
    const { data } = await app("GET /repos/{owner}/{repo}/installation", repository);
    return { kind: "seen", value: App.parse({ ...data, id: data.app_id, slug: data.app_slug }) };
  } catch (error) {
    if (statusOf(error) === 404) return { kind: "seen", value: null };
    throw error;
  }
}

/** So many pull requests are looked at for a report of the guard. */
const PULLS = 3;

async function readAppOfGuard(
  request: DoctorRequest,
  repository: RepositoryName,
): Promise<Seen<AppFacts | null>> {
  const pulls = await request("GET /repos/{owner}/{repo}/pulls", {
    ...repository,
    state: "all",
    sort: "updated",
    direction: "desc",
    per_page: PULLS,
  });
  for (const { head } of pulls.data) {
    const { data } = await request("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", {
      ...repository,
      ref: head.sha,
      check_name: GUARD_CHECK,
    });
    for (const run of data.check_runs) {
      const found = App.safeParse(run.app);
      if (found.success) return { kind: "seen", value: found.data };
    }
  }
  return {
    kind: "hidden",
    why: "A person's token does not tell which App it is before its guard has reported.",
  };
}

async function readEnvironments(
  request: DoctorRequest,
  repository: RepositoryName,
): Promise<EnvironmentFacts[]> {
  const { data } = await request("GET /repos/{owner}/{repo}/environments", { ...repository, per_page: 100 });
  return (data.environments ?? []).map(({ name, protection_rules = [] }) => ({
    name,
    reviewers: protection_rules.reduce(
      (count, rule) => count + ("reviewers" in rule ? (rule.reviewers?.length ?? 0) : 0),
      0,
    ),
    waitMinutes: protection_rules.reduce(
      (most, rule) => Math.max(most, "wait_timer" in rule ? (rule.wait_timer ?? 0) : 0),
      0,
    ),
  }));
}
