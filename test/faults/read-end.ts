import { z } from "zod";
import { parseScaleCommit } from "../../src/domain/scale-commit.ts";
import type { AppWorld } from "../support/open-app-world.ts";
import { PLACE } from "../support/shop-stack.ts";

const REPO = "acme/infra";
const Pulls = z.object({
  data: z.object({
    repository: z.object({
      pullRequests: z.object({
        nodes: z.array(
          z.object({
            state: z.enum(["OPEN", "CLOSED", "MERGED"]),
            headRefName: z.string(),
            labels: z.object({ nodes: z.array(z.object({ name: z.string() })) }),
          }),
        ),
      }),
    }),
  }),
});
const PULLS_QUERY = `{ repository(owner: "acme", name: "infra") { pullRequests(first: 100) {
  nodes { state headRefName labels(first: 10) { nodes { name } } }
} } }`;

/**
 * What stands in the repository, in one sentence: the value of the pool `web` on the base branch, how many scale commits made it,
 * and what became of each pull request. Two states that a person would tell apart have two sentences.
 */
export async function readEnd({ github }: AppWorld): Promise<string> {
  const value = webCount(await github.readFile(REPO, PLACE.path));
  const log = await github.readLog(REPO, PLACE.branch, PLACE.path);
  // A merge commit repeats the words of what it merges.
  const own = log.filter(({ parents }) => parents.length < 2);
  const scales = own.filter(({ message }) => parseScaleCommit(message) !== undefined).length;
  const parts = [`web ${value}`, `${scales} scale commit${scales === 1 ? "" : "s"}`];
  for (const pull of await readPulls(github)) {
    const labels = pull.labels.nodes.map(({ name }) => ` ${name}`).join("");
    if (pull.state === "OPEN") {
      const file = await github.readFile(REPO, PLACE.path, pull.headRefName);
      const ahead = await commitsAhead(github, pull.headRefName);
      parts.push(
        `open${labels} pull request of ${webCount(file)}${ahead === 1 ? "" : ` in ${ahead} commits`}`,
      );
    } else if (pull.state === "CLOSED") parts.push(`closed${labels} pull request`);
  }
  return parts.join(", ");
}

async function readPulls(github: AppWorld["github"]) {
  const token = github.issueToken({ kind: "user", login: "alice" });
  const response = await fetch(github.graphqlUrl, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: PULLS_QUERY }),
  });
  return Pulls.parse(await response.json()).data.repository.pullRequests.nodes;
}

async function commitsAhead(github: AppWorld["github"], branch: string): Promise<number> {
  const base = new Set((await github.readLog(REPO, PLACE.branch)).map(({ oid }) => oid));
  return (await github.readLog(REPO, branch)).filter(({ oid }) => !base.has(oid)).length;
}

function webCount(text: string | null): string {
  return /webCount: "?(\d+)/.exec(text ?? "")?.[1] ?? "?";
}
