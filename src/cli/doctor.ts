import { redactor, secretsOf } from "../apply/redact.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import { addressesOfApi } from "../forge/github-addresses.ts";
import { readDoctorFacts } from "../forge/github-doctor.ts";
import { doctorClients } from "../forge/github-doctor-client.ts";
import { toForgeError } from "../forge/github-errors.ts";
import { readAppKey } from "../settings.ts";
import type { DoctorFinding } from "../workflows/doctor/finding.ts";
import { judgeSetUp } from "../workflows/doctor/judge-set-up.ts";
import { printAnswer } from "./print-answer.ts";
import { renderTable } from "./render-table.ts";
import { UsageError } from "./usage-error.ts";

export type DoctorFlags = { json?: boolean };

const WORDS = { good: "ok", warning: "warning", problem: "PROBLEM", unknown: "not seen" } as const;
const TONES = { good: "faint", warning: "warning", problem: "failure", unknown: "warning" } as const;

/**
 * `pulumiscale doctor`: looks at a repository on GitHub, and says what keeps it from being scaled and what to do. Changes nothing.
 * Exit code 1 where something is broken.
 */
export async function runDoctor(
  repository: string,
  flags: DoctorFlags,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  const { clients, place, server } = await openDoctor(repository, environment);
  const findings = judgeSetUp(await readDoctorFacts(clients, place, server));
  const redact = redactor(secretsOf(environment));
  printAnswer(flags, { repository, findings }, redact(renderFindings(findings)));
  return findings.some(({ state }) => state === "problem") ? 1 : 0;
}

/** Who looks, at what. Throws `UsageError` where nobody is named who may. */
export async function openDoctor(
  repository: string,
  environment: Readonly<Record<string, string | undefined>>,
) {
  const place = parseRepository(repository);
  const { apiUrl } = addressesOfApi(environment.GITHUB_API_URL || "https://api.github.com");
  const token = environment.GITHUB_TOKEN || environment.GH_TOKEN || null;
  const key = readAppKey(environment);
  if (token === null && key === null) {
    throw new UsageError(
      "Nobody is named who may look. Set GITHUB_TOKEN to a person's token, or APP_ID and PRIVATE_KEY as the app has them.",
    );
  }
  const clients = await doctorClients(apiUrl, place, token, key).catch((error: unknown) => {
    throw toForgeError(error, `looking for the App on ${repository}`);
  });
  const server = new URL(apiUrl).hostname.startsWith("api.")
    ? ("github.com" as const)
    : ("enterprise" as const);
  return { clients, place, server };
}

function renderFindings(findings: readonly DoctorFinding[]): string {
  const rows = findings.map(({ subject, state, message, fix }) => [
    { text: WORDS[state], tone: TONES[state] },
    { text: subject },
    { text: `${message} ${fix}` },
  ]);
  return renderTable(["", "what", "what to do"], rows);
}

/** The owner and the name in `owner/repo`. Throws `UsageError`. */
function parseRepository(text: string): RepositoryName {
  const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(text) ?? [];
  if (owner === undefined || repo === undefined)
    throw new UsageError(
      `${JSON.stringify(text)} is no repository: name it as owner/repository, such as acme/infra, without a server.`,
    );
  return { owner, repo };
}
