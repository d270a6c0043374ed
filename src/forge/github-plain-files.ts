import { z } from "zod";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { readEntryText } from "./github-blob.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { BLOB_FIELDS, TextObject } from "./github-snapshot-file.ts";

/** As git has it; a link would be read elsewhere. */
const PLAIN_FILE = 0o100644;
const PlainEntry = z.object({ mode: z.int(), object: TextObject }).nullable();
const CommitFiles = z.record(z.string(), PlainEntry);

/** The files at those paths of each commit, commit by commit: one request. What is no plain file is unreadable. */
export async function readPlainFiles(
  client: GitHubClient,
  place: RepositoryName,
  oids: readonly string[],
  paths: readonly string[],
): Promise<StackFile[][]> {
  const fields = paths.map(
    (_, index) => `f${index}: file(path: $p${index}) { mode object { ... on Blob { ${BLOB_FIELDS} } } }`,
  );
  const declared = [
    ...oids.map((_, index) => `$c${index}: GitObjectID!`),
    ...paths.map((_, index) => `$p${index}: String!`),
  ];
  const query = `query PlanFiles($owner: String!, $repo: String!, ${declared.join(", ")}) {
    repository(owner: $owner, name: $repo) {
      ${oids.map((_, index) => `c${index}: object(oid: $c${index}) { ... on Commit { ${fields.join("\n")} } }`).join("\n")}
    }
  }`;
  const { owner, repo } = place;
  const variables = {
    ...{ owner, repo },
    ...Object.fromEntries(oids.map((oid, index) => [`c${index}`, oid])),
    ...Object.fromEntries(paths.map((path, index) => [`p${index}`, path])),
  };
  const Answer = z.object({ repository: z.record(z.string(), CommitFiles.nullable()) });
  const { repository } = Answer.parse(await client.graphql(query, variables));
  const read = async (entry: z.infer<typeof PlainEntry>): Promise<StackFile> => {
    if (entry !== null && entry.mode !== PLAIN_FILE)
      return { kind: "unreadable", message: "it is no plain file" };
    return readEntryText(client, place, entry);
  };
  return Promise.all(
    oids.map((_, commit) =>
      Promise.all(paths.map((_, path) => read(repository[`c${commit}`]?.[`f${path}`] ?? null))),
    ),
  );
}
