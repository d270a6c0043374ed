import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/rest";
import type { RepositoryName } from "../domain/repository-name.ts";

/** One call may take this long, in milliseconds. */
const CALL_TIMEOUT_MS = 30_000;

export type AppKey = { appId: number; privateKey: string };
export type DoctorRequest = Octokit["request"];

/** Who asks: the App itself, where its key is known, and whoever reads the repository. */
export type DoctorClients = { app: DoctorRequest | null; repository: DoctorRequest };

/**
 * The clients of `doctor`. A person's token reads the repository where there is one, since it may see more; else the App's
 * installation does, where it is installed. Throws as Octokit does.
 */
export async function doctorClients(
  apiUrl: string,
  { owner, repo }: RepositoryName,
  token: string | null,
  key: AppKey | null,
): Promise<DoctorClients> {
  const app = key === null ? null : clientOf(apiUrl, { authStrategy: createAppAuth, auth: key });
  if (token !== null || app === null || key === null)
    return { app, repository: clientOf(apiUrl, token === null ? {} : { auth: token }) };
  const { data } = await app("GET /repos/{owner}/{repo}/installation", { owner, repo });
  const auth = { ...key, installationId: data.id };
  return { app, repository: clientOf(apiUrl, { authStrategy: createAppAuth, auth }) };
}

function clientOf(apiUrl: string, auth: object): DoctorRequest {
  const silent = () => {};
  const octokit = new Octokit({
    baseUrl: apiUrl,
    userAgent: "pulumiscale",
    log: { debug: silent, info: silent, warn: silent, error: silent },
    ...auth,
  });
  octokit.hook.before("request", (options) => {
    options.request = { signal: AbortSignal.timeout(CALL_TIMEOUT_MS), ...options.request };
  });
  return octokit.request;
}
