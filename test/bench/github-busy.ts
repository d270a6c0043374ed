import type { GitHubStandIn } from "../github/github-stand-in.ts";

export type GitHubBusy = Disposable & {
  /** The milliseconds since the start in which the stand-in worked on at least one request. */
  readonly readMs: () => number;
};

/** Adds up the time that requests spend inside the stand-in, so that it can be told from the time beside it. */
export function watchGitHub(github: GitHubStandIn): GitHubBusy {
  let running = 0;
  let busyMs = 0;
  let busySinceMs = 0;
  const unsubscribe = github.onRequest(({ phase }) => {
    const nowMs = performance.now();
    if (phase === "received") {
      if (running === 0) busySinceMs = nowMs;
      running += 1;
    } else if (running > 0) {
      running -= 1;
      if (running === 0) busyMs += nowMs - busySinceMs;
    }
  });
  return {
    readMs: () => busyMs + (running > 0 ? performance.now() - busySinceMs : 0),
    [Symbol.dispose]: () => {
      unsubscribe();
    },
  };
}
