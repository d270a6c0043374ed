/** Who asks GitHub, and about which repository. */
export type GitHubCredentials = { owner: string; repo: string; token: string; apiUrl: string };

const NAMES = ["GH_OWNER", "GH_REPO", "GITHUB_TOKEN"] as const;

/** The credentials of a run, or a text that says which are missing, as `GH_REPO, GITHUB_TOKEN is not set`. Throws where they name no repository. */
export function readCredentials(
  environment: Readonly<Record<string, string | undefined>>,
): GitHubCredentials | string {
  const [owner = "", repo = "", token = ""] = NAMES.map((name) => environment[name]?.trim());
  const missing = NAMES.filter((name) => !environment[name]?.trim());
  if (missing.length > 0) return `${missing.join(", ")} is not set`;
  if (![owner, repo].every((name) => /^[\w.-]{1,100}$/.test(name)))
    throw new Error(
      "GH_OWNER and GH_REPO are no repository; expected its owner and its name, as acme and infra.",
    );
  return { owner, repo, token, apiUrl: environment.GITHUB_API_URL || "https://api.github.com" };
}
