import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import type { PreviewComment } from "../../src/apply/apply-forge.ts";
import { createPreviewForge } from "../../src/forge/github-apply-client.ts";
import type { Permissions } from "../github/github-stand-in.ts";
import { startGitHub } from "../github/start-github.ts";
import { asPerson } from "../support/as-person.ts";

const REPO = "acme/infra";
const MARK = "<!-- pulumiscale:preview shop.prod -->";

const Comments = z.array(z.object({ id: z.int(), body: z.string(), user: z.object({ login: z.string() }) }));

/** The stand-in with an open pull request of `scale/shop.prod`, and what a preview writes on it. */
async function startPull() {
  const github = await startGitHub();
  onTestFinished(() => github.stop());
  github.createOrganization("acme");
  github.createUser("alice");
  await github.createRepository({ owner: "acme", name: "infra", files: { "Pulumi.prod.yaml": "a: 1\n" } });
  github.addCollaborator(REPO, "alice", "write");
  const branch = "scale/shop.prod";
  const files = { "Pulumi.prod.yaml": "a: 2\n" };
  const { number } = await github.openPull(REPO, { login: "alice", branch, title: "t", body: "", files });
  const headOid = (await github.readRef(REPO, `refs/heads/${branch}`)) ?? "";
  const alice = asPerson(github, "alice");
  const comment: PreviewComment = {
    ...{ owner: "acme", repo: "infra", pullRequest: number, alias: "shop.prod", headOid },
    body: "a preview",
  };
  const job = (permissions: Permissions) =>
    createPreviewForge(github.issueToken({ kind: "workflow", repo: REPO, permissions }), github.apiUrl);
  return {
    github,
    alice,
    number,
    branch,
    comment,
    job,
    forge: job({ contents: "read", metadata: "read", pull_requests: "write" }),
    readComments: async () =>
      Comments.parse(await alice("GET", `/issues/${number}/comments?per_page=100`)).map(
        ({ id, body, user }) => ({ id, body, by: user.login }),
      ),
  };
}

it("is written once, edited where it says something else, and left alone where it does not", async () => {
  const { github, forge, comment, readComments } = await startPull();
  expect(await forge.writePreviewComment(comment)).toBe("written");
  const [first] = await readComments();
  expect(first).toMatchObject({ body: `${MARK}\na preview`, by: "github-actions[bot]" });
  const before = github.requests.length;
  await forge.writePreviewComment(comment);
  expect(github.requests.length - before).toBe(1);
  await forge.writePreviewComment({ ...comment, body: "another" });
  expect(await readComments()).toEqual([{ ...first, body: `${MARK}\nanother` }]);
  expect(github.violations).toEqual([]);
});

it("never takes a person's comment for its own, whatever stands in it", async () => {
  const { forge, alice, number, comment, readComments } = await startPull();
  const forged = `${MARK}\n| web | 3 → 4 | would be applied |`;
  await alice("POST", `/issues/${number}/comments`, { body: forged });
  await forge.writePreviewComment(comment);
  await forge.writePreviewComment({ ...comment, body: "another" });
  const comments = await readComments();
  expect(comments.map(({ by, body }) => [by, body])).toEqual([
    ["alice", forged],
    ["github-actions[bot]", `${MARK}\nanother`],
  ]);
});

it("is one of its own for each stack", async () => {
  const { forge, comment, readComments } = await startPull();
  await forge.writePreviewComment(comment);
  await forge.writePreviewComment({ ...comment, alias: "shop.prod-eu" });
  expect((await readComments()).map(({ body }) => body.split("\n")[0])).toEqual([
    MARK,
    "<!-- pulumiscale:preview shop.prod-eu -->",
  ]);
});

it("is found behind a hundred comments, and written anew where somebody has deleted it", async () => {
  const { forge, alice, number, comment, readComments } = await startPull();
  for (let count = 0; count < 101; count++) await alice("POST", `/issues/${number}/comments`, { body: "+1" });
  await forge.writePreviewComment(comment);
  const before = forgeComments(await alice("GET", `/issues/${number}/comments?per_page=100&page=2`));
  await forge.writePreviewComment({ ...comment, body: "another" });
  const after = forgeComments(await alice("GET", `/issues/${number}/comments?per_page=100&page=2`));
  expect(after).toEqual([before[0], { ...before[1], body: `${MARK}\nanother` }]);
  await alice("DELETE", `/issues/comments/${after[1]?.id}`);
  await forge.writePreviewComment(comment);
  const anew = forgeComments(await alice("GET", `/issues/${number}/comments?per_page=100&page=2`));
  expect(anew[1]).toMatchObject({ body: `${MARK}\na preview` });
  expect(await readComments()).toHaveLength(100);
});

it("is not written for a head that is not the newest, nor on a closed pull request", async () => {
  const { github, forge, alice, number, branch, comment, readComments } = await startPull();
  const headOid = await github.commit(REPO, { branch, message: "more", files: { x: "x" } });
  expect(await forge.writePreviewComment(comment)).toBe("superseded");
  await alice("PATCH", `/pulls/${number}`, { state: "closed" });
  expect(await forge.writePreviewComment({ ...comment, headOid })).toBe("superseded");
  expect(await readComments()).toEqual([]);
});

it("is refused as forbidden where the job has no right to it", async () => {
  const { job, comment, readComments } = await startPull();
  for (const permissions of [{ contents: "read" }, { contents: "read", pull_requests: "read" }] as const) {
    const writing = job({ metadata: "read", ...permissions }).writePreviewComment(comment);
    await expect(writing).rejects.toMatchObject({ code: "forbidden" });
  }
  expect(await readComments()).toEqual([]);
});

function forgeComments(answer: unknown) {
  return Comments.parse(answer).map(({ id, body, user }) => ({ id, body, by: user.login }));
}
