import { describe, expect, it } from "vitest";
import { approvalOf, type Review } from "../../src/domain/approval.ts";

const HEAD = "b".repeat(40);
const OLD = "a".repeat(40);

function aReview(author: string, over: Partial<Review> = {}): Review {
  return {
    author,
    isPerson: true,
    canPush: true,
    state: "approved",
    commitOid: HEAD,
    submittedAtMs: 1,
    ...over,
  };
}

const cases: Record<string, { reviews: Review[]; expected: string }> = {
  "nobody has said anything": { reviews: [], expected: "a person with write access has to approve it" },
  "someone with write access": { reviews: [aReview("bob")], expected: "approved by bob" },
  "someone without": {
    reviews: [aReview("eve", { canPush: false })],
    expected: "eve approved it, but has no write access",
  },
  "the requester, however it is written": {
    reviews: [aReview("ALICE")],
    expected: "ALICE asked for it and cannot approve it too",
  },
  "a bot": {
    reviews: [aReview("helper", { isPerson: false })],
    expected: "a person with write access has to approve it",
  },
  "a deleted account": { reviews: [aReview("")], expected: "a person with write access has to approve it" },
  "an earlier head": {
    reviews: [aReview("bob", { commitOid: OLD })],
    expected: "bob approved an earlier commit; the newest one has to be approved",
  },
  "an earlier head, and this one by another": {
    reviews: [aReview("bob", { commitOid: OLD }), aReview("carol")],
    expected: "approved by carol",
  },
  "a person who took it back": {
    reviews: [aReview("bob"), aReview("bob", { state: "changes-requested", submittedAtMs: 2 })],
    expected: "bob asks for changes",
  },
  "a person who came round, told in any order": {
    reviews: [aReview("bob", { submittedAtMs: 3 }), aReview("bob", { state: "changes-requested" })],
    expected: "approved by bob",
  },
  "a dismissed one": {
    reviews: [aReview("bob", { state: "dismissed" })],
    expected: "a person with write access has to approve it",
  },
  "one that a comment came after": {
    reviews: [aReview("bob"), aReview("bob", { state: "comment", submittedAtMs: 2 })],
    expected: "approved by bob",
  },
  "one, while another with write access asks for changes": {
    reviews: [aReview("bob"), aReview("carol", { state: "changes-requested" })],
    expected: "carol asks for changes",
  },
  "one, while another without write access asks for changes": {
    reviews: [aReview("bob"), aReview("eve", { state: "changes-requested", canPush: false })],
    expected: "approved by bob",
  },
};

describe("an approval by", () => {
  it.each(Object.entries(cases))("%s", (_, { reviews, expected }) => {
    const standing = approvalOf(reviews, HEAD, ["alice", "prometheus"]);
    expect(standing.kind === "approved" ? `approved by ${standing.by}` : standing.message).toBe(expected);
  });
});
