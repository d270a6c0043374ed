import { parseArgs } from "node:util";
import { Git, GitError } from "../../forge/git.ts";
import { readFileVersions } from "../../forge/git-file-versions.ts";
import { PLANS_FOLDER } from "../../kubernetes/apply/plan-place.ts";
import { ArgumentMistake } from "../../kubernetes/argument-mistake.ts";
import { type PlanHistoryEntry, readHistory } from "../../kubernetes/plan-history.ts";
import { LEDGER_BRANCH } from "../../ledger/entry.ts";
import { renderTable } from "../render-table.ts";
import { receiptJudge } from "./judge-receipts.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** As many as anybody will read; an older plan is in git all the same. */
const MOST = 200;

/** `infra.scale history [--json]`: the plans of the repository of this folder, newest first, with what became of them. */
export async function runHistory(
  args: readonly string[],
  environment: Environment,
  tell: (line: string) => void,
): Promise<string> {
  const isJson = parseFlags(args);
  const git = new Git(environment);
  const root = await git.ask(["rev-parse", "--show-toplevel"], { cwd: process.cwd() }).catch(noRepository);
  const versions = (ref: string, name: string) =>
    readFileVersions(git, root, ref, { folder: PLANS_FOLDER, name, most: MOST });
  const plans = (await hasRef(git, root, "HEAD")) ? await versions("HEAD", "plan.yaml") : [];
  const ledger = await findLedger(git, root);
  if (ledger === null && plans.length > 0) {
    tell(
      `There is no branch ${LEDGER_BRANCH} here, where the receipts are: git fetch origin ${LEDGER_BRANCH}:refs/remotes/origin/${LEDGER_BRANCH}`,
    );
  }
  const receipts = ledger === null ? [] : await versions(ledger, "receipt.json");
  const history = await readHistory(plans, receipts, receiptJudge(environment));
  const [unverified] = history.filter((entry) => entry.unverified !== null);
  if (unverified !== undefined)
    tell(`Whoever may push can have written a receipt that is unverified (${unverified.unverified}).`);
  if (isJson) return JSON.stringify({ history }, null, 2);
  return history.length === 0 ? "No plan was ever merged here." : renderHistory(history);
}

function parseFlags(args: readonly string[]): boolean {
  try {
    const { values } = parseArgs({ args: [...args], options: { json: { type: "boolean" } } });
    return values.json ?? false;
  } catch {
    throw new ArgumentMistake(args.join(" "), "expected infra.scale history [--json].");
  }
}

/** What was fetched is newer than a branch of this machine. */
async function findLedger(git: Git, root: string): Promise<string | null> {
  for (const ref of [`refs/remotes/origin/${LEDGER_BRANCH}`, `refs/heads/${LEDGER_BRANCH}`])
    if (await hasRef(git, root, ref)) return ref;
  return null;
}

function hasRef(git: Git, root: string, ref: string): Promise<boolean> {
  return git.run(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`], { cwd: root }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof GitError && error.reason === "failed") return false;
      throw error;
    },
  );
}

function noRepository(error: unknown): never {
  if (error instanceof GitError && error.reason === "failed")
    throw new Error(
      "This folder is in no git repository; run infra.scale history in the one with the plans.",
    );
  throw error;
}

function renderHistory(history: readonly PlanHistoryEntry[]): string {
  return renderTable(
    ["merged", "target", "namespace", "plan", "outcome", "commit"],
    history.map(({ mergedAt, target, namespace, actions, outcome, receipt, unverified, commit }) => [
      { text: mergedAt.replace(/\.\d+Z$/, "Z") },
      { text: target },
      { text: namespace ?? "" },
      { text: cut(actions.join("; ")) },
      {
        text: cut(
          [unverified === null ? outcome : `${outcome} (unverified)`, receipt?.message ?? ""]
            .filter((part) => part !== "")
            .join(": "),
        ),
        ...(unverified === null ? toneOf(outcome) : { tone: "warning" as const }),
      },
      { text: commit.slice(0, 12), tone: "faint" as const },
    ]),
  );
}

function toneOf(outcome: PlanHistoryEntry["outcome"]): { tone?: "warning" | "failure" } {
  if (outcome === "applied" || outcome === "superseded") return {};
  return { tone: outcome === "due" || outcome === "applying" ? "warning" : "failure" };
}

/** A table is for a glance; `--json` has all of it. */
function cut(text: string): string {
  const points = [...text.slice(0, 1000)];
  return points.length > LONGEST ? `${points.slice(0, LONGEST).join("")}…` : text;
}

const LONGEST = 100;
