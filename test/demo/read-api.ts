import type { World } from "../world/start-world.ts";

/** Reads GitHub's REST API as a person does. */
export async function readApi<T>(world: World, path: string): Promise<T> {
  const token = world.github.issueToken({ kind: "user", login: "alice" });
  const response = await fetch(`${world.github.apiUrl}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`GitHub answered ${response.status} for ${path}`);
  return (await response.json()) as T;
}

/** The check runs of a commit, a line each. */
export async function readChecks(world: World, oid: string): Promise<string[]> {
  type Run = { name: string; status: string; conclusion: string | null; output: { title: string | null } };
  const { check_runs } = await readApi<{ check_runs: Run[] }>(
    world,
    `/repos/${world.repository}/commits/${oid}/check-runs`,
  );
  return check_runs.map(
    ({ name, status, conclusion, output }) => `${name}: ${conclusion ?? status}, ${output.title ?? ""}`,
  );
}
