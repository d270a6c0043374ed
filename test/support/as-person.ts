import type { GitHubStandIn } from "../github/github-stand-in.ts";

/** A person's REST calls on the repository acme/infra: `await alice("PATCH", "/pulls/1", { state: "closed" })`. */
export function asPerson(github: GitHubStandIn, login: string) {
  const token = github.issueToken({ kind: "user", login });
  return async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${github.apiUrl}/repos/acme/infra${path}`, {
      method,
      headers: { authorization: `token ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  };
}
