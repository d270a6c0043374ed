import type { RepositoryName } from "../domain/repository-name.ts";
import { ForgeError } from "./forge.ts";
import { toForgeError } from "./github-errors.ts";
import { createBranch, createCommit } from "./github-git-database.ts";
import type { GitHubClient, GitHubClientFor } from "./github-octokit.ts";
import { hasSeal, sealed } from "./head-mark.ts";
import {
  ONBOARDING_BRANCH,
  type OnboardingDraft,
  type OnboardingForge,
  type OnboardingSight,
} from "./onboarding-forge.ts";
import { PlannedWrites } from "./planned-writes.ts";

const FILE = ".github/pulumiscale.yml";
/** So many programs are named in the example. */
const MOST_PROGRAMS = 20;
/** A tree, a commit, a branch and a pull request. */
const WRITES = 4;

/** Greets repositories on GitHub. Nothing of a person's is ever written over: a branch of that name that we did not make is left alone. */
export class GitHubOnboarding implements OnboardingForge {
  readonly #clientFor: GitHubClientFor;
  readonly #markKey: Buffer;

  constructor(clientFor: GitHubClientFor, markKey: Buffer) {
    this.#clientFor = clientFor;
    this.#markKey = markKey;
  }

  async readSight(name: RepositoryName): Promise<OnboardingSight | null> {
    try {
      return await readSight(await this.#clientFor(name.owner, name.repo), name);
    } catch (error) {
      throw toForgeError(error, `looking whether ${name.owner}/${name.repo} is set up`);
    }
  }

  async openOnboarding(
    name: RepositoryName,
    sight: OnboardingSight,
    draft: OnboardingDraft,
  ): Promise<number> {
    const writes = new PlannedWrites("other", WRITES);
    try {
      const client = await this.#clientFor(name.owner, name.repo, writes);
      await this.#makeBranch(client, name, sight, draft);
      const { data } = await client.request("POST /repos/{owner}/{repo}/pulls", {
        ...name,
        title: draft.title,
        body: draft.body,
        head: ONBOARDING_BRANCH,
        base: sight.defaultBranch,
      });
      return data.number;
    } catch (error) {
      throw toForgeError(error, `opening the first pull request on ${name.owner}/${name.repo}`);
    } finally {
      writes.end();
    }
  }

  /** Leaves the branch as it is where an earlier process has made it. */
  async #makeBranch(
    client: GitHubClient,
    name: RepositoryName,
    { headOid, repositoryNumber }: OnboardingSight,
    { path, text, title, message }: OnboardingDraft,
  ): Promise<void> {
    const found = await readBranch(client, name);
    if (found !== null) {
      if (await this.#isOurs(client, name, repositoryNumber, found)) return;
      const why = `${name.owner}/${name.repo} has a branch ${ONBOARDING_BRANCH} that the App did not make; it is left alone.`;
      throw new ForgeError("forbidden", why);
    }
    const commit = { parentOid: headOid, path, text, headline: title, body: message };
    const place = { repository: repositoryNumber, branch: ONBOARDING_BRANCH, parentOid: headOid };
    const made = await createCommit(client, name, commit, (treeOid, words) =>
      sealed(this.#markKey, { ...place, treeOid }, words),
    );
    await createBranch(client, name, ONBOARDING_BRANCH, made.oid);
  }

  async #isOurs(
    client: GitHubClient,
    name: RepositoryName,
    repository: string,
    oid: string,
  ): Promise<boolean> {
    const { data } = await client.request("GET /repos/{owner}/{repo}/git/commits/{commit_sha}", {
      ...name,
      commit_sha: oid,
    });
    const [parent, ...others] = data.parents;
    if (parent === undefined || others.length > 0) return false;
    const commit = {
      ...{ repository, branch: ONBOARDING_BRANCH },
      ...{ parentOid: parent.sha, treeOid: data.tree.sha },
    };
    return hasSeal(this.#markKey, commit, data.message);
  }
}

async function readSight(client: GitHubClient, name: RepositoryName): Promise<OnboardingSight | null> {
  const { data } = await client.request("GET /repos/{owner}/{repo}", name);
  if (data.fork || data.archived) return null;
  const files = await readFiles(client, name, data.default_branch);
  if (files === null || files.blobs.has(FILE)) return null;
  const projects = [...files.blobs].filter(([path]) => PROJECT.test(path)).slice(0, MOST_PROGRAMS);
  if (projects.length === 0 || (await wasOpened(client, name))) return null;
  const programs = await Promise.all(
    projects.map(async ([path, sha]) => {
      const blob = await client.request("GET /repos/{owner}/{repo}/git/blobs/{file_sha}", {
        ...name,
        file_sha: sha,
      });
      const text = Buffer.from(blob.data.content, "base64").toString("utf8");
      return { dir: path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".", text };
    }),
  );
  return {
    repositoryNumber: String(data.id),
    htmlUrl: data.html_url,
    defaultBranch: data.default_branch,
    headOid: files.headOid,
    programs,
    stackFiles: [...files.blobs.keys()].filter((path) => STACK_FILE.test(path)),
  };
}

const PROJECT = /^(?!(?:.*\/)?node_modules\/)(?:.*\/)?Pulumi\.ya?ml$/;
const STACK_FILE = /^(?:.*\/)?Pulumi\.[^/]+\.ya?ml$/;

/** The branch's head, and the files of it; null where there is no commit yet. */
async function readFiles(
  client: GitHubClient,
  name: RepositoryName,
  branch: string,
): Promise<{ headOid: string; blobs: Map<string, string> } | null> {
  try {
    const ref = `heads/${branch}`;
    const head = await client.request("GET /repos/{owner}/{repo}/git/ref/{ref}", { ...name, ref });
    const headOid = head.data.object.sha;
    const { data } = await client.request("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", {
      ...name,
      tree_sha: headOid,
      recursive: "1",
    });
    const blobs = data.tree.flatMap(({ path, sha, type }) =>
      type === "blob" && path !== undefined && sha !== undefined ? [[path, sha] as const] : [],
    );
    return { headOid, blobs: new Map(blobs) };
  } catch (error) {
    const { code } = toForgeError(error, "reading the files");
    if (code === "not-found" || code === "conflict") return null;
    throw error;
  }
}

/** Open, merged or closed: whoever has closed it has said no. Those of forks do not count. */
async function wasOpened(client: GitHubClient, name: RepositoryName): Promise<boolean> {
  const { data } = await client.request("GET /repos/{owner}/{repo}/pulls", {
    ...name,
    head: `${name.owner}:${ONBOARDING_BRANCH}`,
    state: "all",
    per_page: 1,
  });
  return data.length > 0;
}

/** It is finished or left before long: a name will do. */
async function readBranch(client: GitHubClient, name: RepositoryName): Promise<string | null> {
  const ref = `heads/${ONBOARDING_BRANCH}`;
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/git/ref/{ref}", { ...name, ref });
    return data.object.sha;
  } catch (error) {
    if (toForgeError(error, "reading a branch").code === "not-found") return null;
    throw error;
  }
}
