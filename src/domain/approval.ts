/** A submitted review of a pull request. A later one of the same person takes the place of the earlier one. */
export type Review = {
  /** A login; of a deleted account it is empty. */
  author: string;
  /** A person, and not an App or another bot. */
  isPerson: boolean;
  /** Whether the author may push to the repository now. */
  canPush: boolean;
  /** A `comment` neither gives nor takes an approval. */
  state: "approved" | "changes-requested" | "comment" | "dismissed";
  /** The head that was reviewed: an approval holds for this one alone. */
  commitOid: string;
  submittedAtMs: number;
};

export type ApprovalStanding =
  | { kind: "approved"; by: string }
  /** The sentence says what is missing. */
  | { kind: "missing"; message: string };

/**
 * Whether a person has approved exactly this head: someone with write access, other than those who asked for the change,
 * and nobody with write access asks for changes. Pure. `requesters`: logins, in any case.
 */
export function approvalOf(
  reviews: readonly Review[],
  headOid: string,
  requesters: readonly string[],
): ApprovalStanding {
  const standing = newestVerdicts(reviews.filter(({ isPerson, author }) => isPerson && author !== ""));
  const objector = standing.find(({ state, canPush }) => state === "changes-requested" && canPush);
  if (objector !== undefined) return missing(`${objector.author} asks for changes`);
  const approvals = standing.filter(({ state }) => state === "approved");
  const asked = new Set(requesters.map((login) => login.toLowerCase()));
  const holding = approvals.filter(
    ({ author, canPush, commitOid }) => canPush && commitOid === headOid && !asked.has(author.toLowerCase()),
  );
  const [first] = holding;
  if (first !== undefined) return { kind: "approved", by: first.author };
  const [failed] = approvals;
  if (failed === undefined) return missing("a person with write access has to approve it");
  if (failed.commitOid !== headOid)
    return missing(`${failed.author} approved an earlier commit; the newest one has to be approved`);
  if (!failed.canPush) return missing(`${failed.author} approved it, but has no write access`);
  return missing(`${failed.author} asked for it and cannot approve it too`);
}

/** Each person's newest review that says yes or no. */
function newestVerdicts(reviews: readonly Review[]): Review[] {
  const byAuthor = new Map<string, Review>();
  for (const review of reviews.toSorted((a, b) => a.submittedAtMs - b.submittedAtMs)) {
    if (review.state !== "comment") byAuthor.set(review.author.toLowerCase(), review);
  }
  return [...byAuthor.values()];
}

function missing(message: string): ApprovalStanding {
  return { kind: "missing", message };
}
