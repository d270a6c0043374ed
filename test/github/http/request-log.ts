/** One request that the stand-in got. */
export interface RequestRecord {
  readonly id: string;
  readonly at: Date;
  readonly kind: "rest" | "graphql" | "git" | "page";
  readonly method: string;
  /** The path without the API's prefix, with its query. */
  readonly path: string;
  /** The REST operation's id, or the fields at the top of the GraphQL document. */
  readonly operations: readonly string[];
  /** `octocat`, `my-app[bot]`, `app my-app`, `anonymous`. */
  who: string;
  /** Null until it is answered, and for one whose connection was cut. */
  status: number | null;
  /** What it weighs in GitHub's secondary limit: reads 1, writes 5. */
  readonly points: number;
  readonly durationMs: () => number;
}

/** `received`: nothing has happened yet. `done`: it has been carried out and not been answered yet. */
export interface RequestEvent {
  readonly phase: "received" | "done";
  readonly request: RequestRecord;
}

export type RequestListener = (event: RequestEvent) => void | Promise<void>;
