/** What goes wrong with a request that matches. */
export interface Fault {
  readonly match: {
    readonly method?: string;
    readonly path?: RegExp;
    /** A REST operation id (`pulls/merge`) or a field of a GraphQL mutation or query (`createCommitOnBranch`). */
    readonly operation?: string;
  };
  /** How many requests it hits; 1 unless told. */
  readonly times?: number;
  /** How many matching requests pass before it hits. */
  readonly skip?: number;
  /**
   * `status`: answers `status` without doing anything. `timeout`: never answers. `latency`: answers `latencyMs` later.
   * `lost-answer`: does it, then cuts the connection. `duplicate`: does it twice and answers the second time's answer.
   */
  readonly kind: "status" | "timeout" | "latency" | "lost-answer" | "duplicate";
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly latencyMs?: number;
}

/** What a fault is matched against. */
export interface FaultTarget {
  readonly method: string;
  readonly path: string;
  readonly operations: readonly string[];
}

export interface FaultQueue {
  add(fault: Fault): void;
  clear(): void;
  /** Those that have not hit as often as they were to. */
  pending(): readonly Fault[];
  /** The fault for this request, used up by one. */
  take(target: FaultTarget): Fault | undefined;
}

export function createFaultQueue(): FaultQueue {
  let queue: { readonly fault: Fault; left: number; toSkip: number }[] = [];
  return {
    add: (fault) => {
      queue.push({ fault, left: fault.times ?? 1, toSkip: fault.skip ?? 0 });
    },
    clear: () => {
      queue = [];
    },
    pending: () => queue.map((entry) => entry.fault),
    take: (target) => {
      for (const entry of queue) {
        if (!matches(entry.fault, target)) continue;
        if (entry.toSkip > 0) {
          entry.toSkip -= 1;
          continue;
        }
        entry.left -= 1;
        if (entry.left <= 0) queue = queue.filter((other) => other !== entry);
        return entry.fault;
      }
      return undefined;
    },
  };
}

function matches({ match }: Fault, target: FaultTarget): boolean {
  return (
    (match.method === undefined || match.method.toUpperCase() === target.method) &&
    (match.path === undefined || match.path.test(target.path)) &&
    (match.operation === undefined || target.operations.includes(match.operation))
  );
}
