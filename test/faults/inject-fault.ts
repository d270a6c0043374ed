import type { GitHubStandIn, RequestRecord } from "../github/github-stand-in.ts";
import { type Call, callName } from "./call.ts";
import type { CallFault } from "./call-faults.ts";

/** Ends the caller's process at once, and resolves when it is gone. */
export type Kill = () => Promise<void>;

export type Injected = { hasHit: () => boolean; remove: () => void };

/** Makes one call of those that come from now on go wrong, once. */
export function injectFault(github: GitHubStandIn, call: Call, fault: CallFault, kill: Kill): Injected {
  let count = 0;
  let hit: RequestRecord | undefined;
  const remove = github.onRequest(async ({ phase, request }) => {
    if (phase === "received" && hit === undefined && callName(request) === call.name) {
      count += 1;
      if (count === call.nth) hit = request;
    }
    if (request !== hit) return;
    if (phase === "received") await beforeIt(github, request, fault, kill);
    else await afterIt(fault, kill);
  });
  return { hasHit: () => hit !== undefined, remove };
}

async function beforeIt(github: GitHubStandIn, request: RequestRecord, fault: CallFault, kill: Kill) {
  // The stand-in looks for a fault right after this: it is for this very request.
  const match = { method: request.method, path: pathPattern(request) };
  switch (fault.kind) {
    case "answer": {
      const { status, body } = fault;
      github.faults.add({ match, kind: "status", status, body, headers: fault.headers() });
      return;
    }
    case "never-answered":
      github.faults.add({ match, kind: "timeout" });
      return;
    case "done-twice":
      github.faults.add({ match, kind: "duplicate" });
      return;
    case "reset":
      throw new ConnectionCut();
    case "killed-before":
      await kill();
      throw new ConnectionCut();
  }
}

async function afterIt(fault: CallFault, kill: Kill) {
  if (fault.kind === "killed-after") await kill();
  if (fault.kind === "killed-after" || fault.kind === "lost-answer") throw new ConnectionCut();
}

/** Thrown by a listener it makes the stand-in cut the connection. */
class ConnectionCut extends Error {}

function pathPattern({ path }: RequestRecord): RegExp {
  const [plain = ""] = path.split("?");
  return new RegExp(`^${plain.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
}
