import { createHash } from "node:crypto";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { decodeFile, LARGEST_FILE_BYTES, tooLarge } from "./decode-file.ts";
import type { GitHubClient } from "./github-octokit.ts";
import type { BlobAnswer, FileAnswer } from "./github-snapshot-file.ts";

/**
 * The text of a blob, byte for byte: GraphQL's `text` may be cut, or decoded with loss, so it is taken only where its
 * hash is the blob's own; otherwise the bytes are read.
 */
export async function readBlobText(
  client: GitHubClient,
  place: RepositoryName,
  blob: BlobAnswer,
): Promise<StackFile> {
  if (blob.byteSize > LARGEST_FILE_BYTES) return tooLarge(blob.byteSize);
  const whole = wholeText(blob);
  if (whole !== null) return { kind: "text", text: whole };
  const answer = await client.request("GET /repos/{owner}/{repo}/git/blobs/{file_sha}", {
    ...place,
    file_sha: blob.oid,
  });
  return decodeFile(Buffer.from(answer.data.content, "base64"));
}

/** What GraphQL gave of a blob, where that is all of it, byte for byte; else null. */
export function wholeText({ text, isTruncated, oid }: BlobAnswer): string | null {
  return text !== null && !isTruncated && gitBlobOid(text) === oid ? text : null;
}

/** The blob that an entry points to; `missing` where there is no file of that path. */
export async function readEntryText(
  client: GitHubClient,
  place: RepositoryName,
  entry: FileAnswer,
): Promise<StackFile> {
  const blob = entry?.object ?? null;
  return blob === null ? { kind: "missing" } : readBlobText(client, place, blob);
}

function gitBlobOid(text: string): string {
  const bytes = Buffer.from(text, "utf8");
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}
