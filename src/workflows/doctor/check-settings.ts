import type { DoctorFacts } from "../../domain/doctor-facts.ts";
import { parseRepositoryFile, policyOf, type RepositoryFile } from "../../domain/repository-file.ts";
import { type DoctorFinding, good, problem, unknown, warning } from "./finding.ts";

const FILE = ".github/pulumiscale.yml";
const ADMIN = "Ask with the token of someone who administers the repository.";

/** The repository file, and the repository's settings on merging. */
export function checkSettings(facts: DoctorFacts): DoctorFinding[] {
  return [
    ...checkFile(facts),
    ...checkAutoMerge(facts),
    ...checkMethods(facts),
    ...checkSquashes(facts),
    ...checkLedgerThere(facts),
  ];
}

/** What the repository file says; an empty one where it is bad. */
export function fileOf({ repositoryFile }: Pick<DoctorFacts, "repositoryFile">): RepositoryFile {
  const parsed = parseRepositoryFile(repositoryFile);
  return parsed.kind === "good" ? parsed.file : {};
}

function checkFile({ repositoryFile }: DoctorFacts): DoctorFinding[] {
  const parsed = parseRepositoryFile(repositoryFile);
  if (parsed.kind === "bad") {
    const where = parsed.path === "" ? "" : `${parsed.path}: `;
    return [
      problem("repository-file", FILE, `${where}${parsed.message}. Nothing is scaled.`, "Correct it there."),
    ];
  }
  if (parsed.file.paused === true)
    return [warning("paused", FILE, "`paused: true` holds all scaling.", "Take it out to go on.")];
  return [good("repository-file", FILE)];
}

function checkAutoMerge({ autoMerge, baseBranches }: DoctorFacts): DoctorFinding[] {
  const check = "auto-merge";
  const subject = "auto-merge";
  if (autoMerge.kind === "hidden") return [unknown(check, subject, autoMerge.why, ADMIN)];
  const waits = baseBranches.some(
    ({ rules, protection }) =>
      (rules.kind === "seen" && rules.value.some(({ type }) => type === "required_status_checks")) ||
      (protection.kind === "seen" && (protection.value?.requiredChecks.length ?? 0) > 0),
  );
  if (autoMerge.value === "allowed" || !waits) return [good(check, subject)];
  const message =
    "It is off, and checks are required: the app merges by itself once they are there, which takes longer.";
  return [warning(check, subject, message, "Allow it in the repository's settings, under Pull Requests.")];
}

function checkMethods(facts: DoctorFacts): DoctorFinding[] {
  const { mergeMethods, stacks } = facts;
  if (mergeMethods.kind === "hidden") return [];
  const file = fileOf(facts);
  return stacks.flatMap(({ alias }) => {
    const { mergeMethod } = policyOf(file, alias);
    if (mergeMethod === undefined || mergeMethods.value.includes(mergeMethod)) return [];
    const message = `${FILE} asks for ${mergeMethod}, which the repository does not allow.`;
    return [
      problem("merge-method", `merging of ${alias}`, message, "Allow it in the settings, or name another."),
    ];
  });
}

function checkSquashes({ mergeMethods, squashMessage }: DoctorFacts): DoctorFinding[] {
  if (mergeMethods.kind === "hidden" || squashMessage.kind === "hidden") return [];
  if (squashMessage.value === "kept" || !mergeMethods.value.includes("squash")) return [];
  const message =
    "A squash by a person or a merge queue leaves the message out, so history knows nothing of why, who asked and who approved, and the same event may scale once more.";
  const fix =
    "In the repository's settings, under Pull Requests, give squash merges another default message than `Pull request title`, such as `Pull request title and description`.";
  return [warning("squash-message", "squash merges", message, fix)];
}

function checkLedgerThere({ ledger, stacks }: DoctorFacts): DoctorFinding[] {
  if (ledger === "there" && stacks.length > 0)
    return [good("published", `stacks: ${stacks.map(({ alias }) => alias).join(", ")}`)];
  const message = "No stack was published yet, so that nobody can be served.";
  return [
    problem("published", "stacks", message, "Let the deploy workflow run once; its first run is a full one."),
  ];
}
