import { Octokit } from "@octokit/rest";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { toForgeError } from "../../src/forge/github-errors.ts";
import { mergeGitHubPull } from "../../src/forge/github-merge.ts";
import { mockGitHub } from "../support/mock-github.ts";
import { PLACE } from "../support/shop-stack.ts";

const octokit = new Octokit({ log: { debug() {}, info() {}, warn() {}, error() {} } });
const docs = { documentation_url: "https://docs.github.com/rest" };

async function errorOf(status: number, message: string, headers: Record<string, string> = {}) {
  mockGitHub([["GET", "/app", { status, body: { message, ...docs }, headers }]]);
  try {
    await octokit.request("GET /app");
  } catch (error) {
    return toForgeError(error, "reading the App");
  }
  throw new Error("it did not fail");
}

describe("what GitHub answers becomes an error that says what to do", () => {
  it.each<[string, number, string, Record<string, string>, string, number | null]>([
    ["a lost race on contents", 409, "is at abc but expected def", {}, "conflict", null],
    ["a reference that exists", 422, "Reference already exists", {}, "conflict", null],
    ["a token that is no good", 401, "Bad credentials", {}, "forbidden", null],
    ["a missing permission", 403, "Resource not accessible by integration", {}, "forbidden", null],
    [
      "a secondary limit",
      403,
      "You have exceeded a secondary rate limit",
      { "retry-after": "60" },
      "rate-limited",
      60,
    ],
    [
      "a secondary limit without a time",
      403,
      "You have triggered an abuse detection mechanism",
      {},
      "rate-limited",
      null,
    ],
    [
      "a primary limit",
      403,
      "API rate limit exceeded",
      {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "1767787300",
        date: "Wed, 07 Jan 2026 12:00:00 GMT",
      },
      "rate-limited",
      100,
    ],
    ["too many requests", 429, "Too many requests", { "retry-after": "5" }, "rate-limited", 5],
    ["what is not there", 404, "Not Found", {}, "not-found", null],
    ["a server error", 500, "Server Error", {}, "unavailable", null],
    ["a gateway time-out", 504, "We couldn't respond to your request in time", {}, "unavailable", null],
  ])("%s", async (_, status, message, headers, code, retryAfterSeconds) => {
    const error = await errorOf(status, message, headers);
    expect([error.code, error.retryAfterSeconds]).toEqual([code, retryAfterSeconds]);
    expect(error.message).toContain("reading the App");
    expect(error.message).not.toContain("docs.github.com");
  });

  it.each<[string, { type?: string; message: string }, string]>([
    [
      "a stale head",
      { type: "STALE_DATA", message: 'Expected branch to point to "a" but it did not. Pull and try again.' },
      "conflict",
    ],
    [
      "a missing permission",
      { type: "FORBIDDEN", message: "Resource not accessible by integration" },
      "forbidden",
    ],
    [
      "a protected branch",
      { message: "Protected branch update failed: Changes must be made through a pull request." },
      "forbidden",
    ],
    [
      "a branch in the way",
      { message: "cannot lock ref 'refs/heads/scale/a': 'refs/heads/scale' exists; cannot create it" },
      "forbidden",
    ],
    ["nothing there", { type: "NOT_FOUND", message: "Could not resolve to a Repository" }, "not-found"],
    ["a limit", { type: "RATE_LIMITED", message: "API rate limit exceeded" }, "rate-limited"],
    ["something of its own", { message: "Something went wrong while executing your query" }, "unavailable"],
  ])("GraphQL: %s", async (_, error, code) => {
    mockGitHub([["POST", "/graphql", { status: 200, body: { data: null, errors: [error] } }]]);
    const thrown = await octokit.graphql("query { viewer { login } }").catch((caught: unknown) => caught);
    expect(toForgeError(thrown, "reading").code).toBe(code);
  });

  it("GraphQL: a used-up limit, with the time until it is given again", async () => {
    const headers = {
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": "1767787300",
      date: "Wed, 07 Jan 2026 12:00:00 GMT",
    };
    const errors = [{ type: "RATE_LIMITED", message: "API rate limit exceeded" }];
    mockGitHub([["POST", "/graphql", { status: 200, body: { data: null, errors }, headers }]]);
    const thrown = await octokit.graphql("query { viewer { login } }").catch((caught: unknown) => caught);
    expect(toForgeError(thrown, "reading")).toMatchObject({ code: "rate-limited", retryAfterSeconds: 100 });
  });

  it("an answer that is not as expected, and where", () => {
    const { error } = z.object({ id: z.string() }).safeParse({ id: 7 });
    expect(toForgeError(error, "reading")).toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("not as expected (id:"),
    });
  });

  it("a network that is away", async () => {
    mockGitHub([["GET", "/app", { error: "socket hang up" }]]);
    const thrown = await octokit.request("GET /app").catch((caught: unknown) => caught);
    expect(toForgeError(thrown, "reading the App")).toMatchObject({ code: "unavailable" });
  });
});

describe("a merge", () => {
  const path = "/repos/acme/infra/pulls/7/merge";
  const request = { number: 7, headOid: "a".repeat(40), method: "squash", title: "t", message: "m" } as const;
  const refused = (status: number, message: string) => ({ status, body: { message, ...docs } });

  it("is tried again while GitHub does not know yet whether it can be", async () => {
    mockGitHub([
      ["PUT", path, refused(405, "Base branch was modified. Review and try the merge again.")],
      ["PUT", path, { status: 200, body: { sha: "b".repeat(40), merged: true, message: "merged" } }],
    ]);
    expect(await mergeGitHubPull(octokit, PLACE, request)).toEqual({ kind: "merged", oid: "b".repeat(40) });
  });

  it.each([
    [405, "At least 1 approving review is required by reviewers with write access.", "waiting"],
    [409, "Head branch was modified. Review and try the merge again.", "moved"],
    [422, "Could not resolve to a node", "moved"],
  ])("%i %s", async (status, message, kind) => {
    mockGitHub([["PUT", path, refused(status, message)]]);
    expect((await mergeGitHubPull(octokit, PLACE, request)).kind).toBe(kind);
  });
});
