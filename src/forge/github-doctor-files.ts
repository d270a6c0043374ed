import type { RepositoryName } from "../domain/repository-name.ts";
import type { DoctorRequest } from "./github-doctor-client.ts";
import { statusOf } from "./github-doctor-seen.ts";

/** The files of a branch: blob ids by path. */
export async function readTree(
  request: DoctorRequest,
  repository: RepositoryName,
  branch: string,
): Promise<Map<string, string>> {
  try {
    const { data } = await request("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", {
      ...repository,
      tree_sha: branch,
      recursive: "1",
    });
    return new Map(
      data.tree.flatMap(({ path, sha, type }) =>
        type === "blob" && path !== undefined && sha !== undefined ? [[path, sha] as const] : [],
      ),
    );
  } catch (error) {
    // An empty repository, or a branch that is not there.
    if (statusOf(error) === 404 || statusOf(error) === 409) return new Map();
    throw error;
  }
}

/** One of them as text; null where it is not there. */
export function readText(
  request: DoctorRequest,
  repository: RepositoryName,
  path: string,
  sha: string | undefined,
): Promise<{ path: string; text: string }> | null {
  if (sha === undefined) return null;
  return request("GET /repos/{owner}/{repo}/git/blobs/{file_sha}", { ...repository, file_sha: sha }).then(
    ({ data }) => ({ path, text: Buffer.from(data.content, "base64").toString("utf8") }),
  );
}
