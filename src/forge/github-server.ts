import { z } from "zod";

/**
 * What a GitHub may lack: an older Enterprise Server, or one that is set up otherwise. Each with what is done instead. All
 * that is not named here is needed.
 */
const INSTEAD = {
  "Mutation.createCommitOnBranch": "commits are made through REST's git database, and only as a fast-forward",
  "Mutation.updateRefs": "branches are moved through REST, each compared right before",
  "Mutation.enablePullRequestAutoMerge": "nothing is left to auto-merge",
  "Mutation.enqueuePullRequest": "nothing is put into a merge queue",
  "PullRequest.autoMergeRequest": "nothing is left to auto-merge",
  "PullRequest.isInMergeQueue": "no pull request is taken to be in a merge queue",
  "PullRequest.mergeStateStatus": "REST is asked whether a pull request is behind its base",
  "PullRequestReview.authorCanPushToRepository": "REST is asked for each reviewer's permission",
  "Commit.signature": "commits are taken to be unsigned",
  "web commit signing": "the guard fails a merge queue's groups that touch pools",
} as const satisfies Record<string, string>;

export type Lackable = keyof typeof INSTEAD;

type OnLacking = (what: Lackable, instead: string) => void;

/**
 * One GitHub, and what it has turned out to lack. Nothing is asked for that: a request that it does not understand tells, once in
 * the life of this process.
 */
export class GitHubServer {
  readonly #lacking = new Set<Lackable>();
  readonly #onLacking: OnLacking;

  /** `onLacking` is called once for each thing. */
  constructor(onLacking: OnLacking = () => {}) {
    this.#onLacking = onLacking;
  }

  lacks(...any: readonly Lackable[]): boolean {
    return any.some((what) => this.#lacking.has(what));
  }

  /** A query without what is `optional` in it and known to be lacking. */
  trim(query: string): string {
    const isKnown = (line: string) => {
      const field = line.split(MARK)[1];
      return field === undefined || !isLackable(field) || !this.lacks(field);
    };
    return query.split("\n").filter(isKnown).join("\n");
  }

  /** Takes note of the fields that a refused request names. */
  learnFrom(error: unknown): void {
    for (const field of undefinedFields(error)) if (isLackable(field)) this.learn(field);
  }

  learn(what: Lackable): void {
    if (this.#lacking.has(what)) return;
    this.#lacking.add(what);
    this.#onLacking(what, INSTEAD[what]);
  }
}

/** A selection that a query goes without where the server does not know the field. */
export function optional(field: Lackable, selection: string): string {
  return `\n${selection} ${MARK}${field}\n`;
}

const MARK = "# optional ";

const Refused = z.object({ errors: z.array(z.object({ message: z.string() })) });

/** `Type.field` of each field that a server says it does not know. GitHub then carries out nothing of a document. */
export function undefinedFields(error: unknown): string[] {
  const refused = Refused.safeParse(error);
  return (refused.data?.errors ?? []).flatMap(({ message }) => {
    const [, field, type] = /^Field '(\w+)' doesn't exist on type '(\w+)'/.exec(message) ?? [];
    return field === undefined || type === undefined ? [] : [`${type}.${field}`];
  });
}

function isLackable(name: string): name is Lackable {
  return Object.hasOwn(INSTEAD, name);
}
