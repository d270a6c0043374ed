import { expect, it } from "vitest";
import { GitHubServer, optional, undefinedFields } from "../../src/forge/github-server.ts";
import { PLACE } from "../support/shop-stack.ts";
import { startForge } from "./github-world.ts";

const unknown = (field: string, type: string) => ({
  errors: [{ message: `Field '${field}' doesn't exist on type '${type}'` }],
});

it("what is lacking is told once, and left out from then on", () => {
  const told: [string, string][] = [];
  const server = new GitHubServer((what, instead) => told.push([what, instead]));
  const query = `{ number ${optional("PullRequest.isInMergeQueue", "isInMergeQueue")} title }`;
  expect(server.trim(query)).toContain("isInMergeQueue");
  server.learnFrom(unknown("isInMergeQueue", "PullRequest"));
  server.learnFrom(unknown("isInMergeQueue", "PullRequest"));
  expect(server.trim(query)).toBe("{ number \n title }");
  expect(told).toEqual([["PullRequest.isInMergeQueue", "no pull request is taken to be in a merge queue"]]);
});

it("a field that is needed, or of another type, is nothing to do without", () => {
  const server = new GitHubServer(() => expect.unreachable());
  server.learnFrom(unknown("title", "PullRequest"));
  server.learnFrom(unknown("isInMergeQueue", "Issue"));
  server.learnFrom(unknown("toString", "Object"));
  server.learnFrom(new Error("Field 'isInMergeQueue' doesn't exist on type 'PullRequest'"));
  expect(server.lacks("PullRequest.isInMergeQueue")).toBe(false);
  expect(undefinedFields(unknown("title", "PullRequest"))).toEqual(["PullRequest.title"]);
});

it("a server that lacks what is needed is named, with what to do", async () => {
  const enterprise = { missingFields: ["Ref.associatedPullRequests"] };
  const { forge } = await startForge({}, { enterprise });
  await expect(forge.readSnapshot(PLACE, 0)).rejects.toMatchObject({
    code: "forbidden",
    message: expect.stringMatching(
      /GitHub does not know Ref\.associatedPullRequests.*update this GitHub Enterprise Server/,
    ),
  });
});
