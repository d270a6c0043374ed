import { z } from "zod";
import { type ControlsScope, controlsPath } from "../domain/controls.ts";
import type { ControlsCommit, ControlsForge, ControlsPlace, ControlsRead } from "./controls-forge.ts";
import { GitObject } from "./github-apply-query.ts";
import { askGraphql } from "./github-ask.ts";
import { readBlobText } from "./github-blob.ts";
import { toForgeError } from "./github-errors.ts";
import { commitToGitHubLedger, LEDGER_REF, unexpectedAnswer } from "./github-ledger.ts";
import type { GitHubClientFor } from "./github-octokit.ts";
import { BLOB_FIELDS } from "./github-snapshot-file.ts";
import { PlannedWrites } from "./planned-writes.ts";

const QUERY = `
query Controls($owner: String!, $repo: String!, $ledger: String!, $path: String!) {
  repository(owner: $owner, name: $repo) {
    ledger: ref(qualifiedName: $ledger) {
      target {
        oid
        ... on Commit { file(path: $path) { object { ... on Blob { ${BLOB_FIELDS} } } } }
      }
    }
  }
}`;

const Answer = z.object({
  repository: z.object({
    ledger: z
      .object({
        target: z.object({ oid: z.string(), file: z.object({ object: GitObject }).nullable() }),
      })
      .nullable(),
  }),
});

/** Pauses and pins on the ledger branch. A write is bound to the branch's head that was read. */
export class GitHubControls implements ControlsForge {
  readonly #clientFor: GitHubClientFor;

  constructor(clientFor: GitHubClientFor) {
    this.#clientFor = clientFor;
  }

  async readControls({ owner, repo }: ControlsPlace, scope: ControlsScope): Promise<ControlsRead> {
    const path = controlsPath(scope);
    try {
      const client = await this.#clientFor(owner, repo);
      const answer = await askGraphql(client, QUERY, { owner, repo, path, ledger: LEDGER_REF });
      const parsed = Answer.safeParse(answer);
      if (!parsed.success) throw unexpectedAnswer(`reading ${path}`, parsed.error);
      const target = parsed.data.repository.ledger?.target;
      const found = target?.file?.object ?? null;
      const version = target?.oid ?? null;
      return found !== null && "byteSize" in found
        ? { file: await readBlobText(client, { owner, repo }, found), version }
        : { file: { kind: "missing" }, version };
    } catch (error) {
      throw toForgeError(error, `reading ${path} in ${owner}/${repo}`);
    }
  }

  async commitControls(
    { owner, repo }: ControlsPlace,
    scope: ControlsScope,
    { expectedVersion, text, headline, body }: ControlsCommit,
  ): Promise<void> {
    const path = controlsPath(scope);
    // A person's word to stop comes before what would go on otherwise.
    const writes = new PlannedWrites("scale-out", 1);
    try {
      const client = await this.#clientFor(owner, repo, writes);
      const commit = { expectedHeadOid: expectedVersion, path, text, headline, body };
      await commitToGitHubLedger(client, { owner, repo }, commit);
    } catch (error) {
      throw toForgeError(error, `writing ${path} to the ledger of ${owner}/${repo}`);
    } finally {
      writes.end();
    }
  }
}
