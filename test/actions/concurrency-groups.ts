/** Who wants to run in a group. */
export interface Member {
  /** Asks the one that runs to end; it leaves the group when it has. */
  cancelRunning(): void;
}

export interface EntryRule {
  readonly group: string;
  readonly cancelInProgress: boolean;
  /** `max` keeps every pending member, `single` only the newest. */
  readonly queue: "single" | "max";
}

export interface ConcurrencyGroups {
  /**
   * Resolves to `run` when it is the member's turn, or to `dropped` when a newer one took its place or `signal` aborted.
   * Whoever runs must leave.
   */
  enter(rule: EntryRule, member: Member, signal: AbortSignal): Promise<"run" | "dropped">;
  leave(rule: EntryRule, member: Member): void;
}

interface Group {
  running: Member | null;
  readonly pending: { readonly member: Member; readonly answer: (turn: "run" | "dropped") => void }[];
}

/** Actions' `concurrency`: one member of a group runs, one waits, and an older one that waited is dropped. */
export function createConcurrencyGroups(): ConcurrencyGroups {
  const groups = new Map<string, Group>();
  const groupOf = (name: string): Group => {
    // Names of groups are case-insensitive.
    const key = name.toLowerCase();
    const group = groups.get(key) ?? { running: null, pending: [] };
    groups.set(key, group);
    return group;
  };
  return {
    enter: ({ group: name, cancelInProgress, queue }, member, signal) => {
      const group = groupOf(name);
      if (signal.aborted) return Promise.resolve("dropped");
      if (group.running === null) {
        group.running = member;
        return Promise.resolve("run");
      }
      if (cancelInProgress) group.running.cancelRunning();
      if (queue === "single" || cancelInProgress)
        for (const { answer } of group.pending.splice(0)) answer("dropped");
      return new Promise((answer) => {
        group.pending.push({ member, answer });
        signal.addEventListener(
          "abort",
          () => {
            const index = group.pending.findIndex((waiting) => waiting.member === member);
            if (index === -1) return;
            group.pending.splice(index, 1);
            answer("dropped");
          },
          { once: true },
        );
      });
    },
    leave: ({ group: name }, member) => {
      const group = groupOf(name);
      if (group.running !== member) return;
      const next = group.pending.shift();
      group.running = next?.member ?? null;
      next?.answer("run");
    },
  };
}
