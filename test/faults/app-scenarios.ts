import type { AppWorldOptions } from "../support/open-app-world.ts";
import { firingWith } from "../support/payloads.ts";
import { WEB } from "../support/shop-stack.ts";
import type { AppCase } from "./app-case.ts";

/** One way through the app. `act` is what goes wrong somewhere; the calls between its start and the quiet after it are the rows. */
export type AppScenario = {
  name: string;
  world: AppWorldOptions;
  /** Brings everything to where `act` begins; nothing fails here. */
  prepare?: (it: AppCase) => Promise<void>;
  act: (it: AppCase) => Promise<void>;
  /** What a sender that repeats its alert would send later. */
  repeat: unknown;
  /** The allowed end states, in the words of `readEnd`. */
  ends: readonly string[];
};

// Nothing but the identity of the event keeps a retry from scaling once more: no cooldown, and what is applied is not known.
const CONTRACT = { web: { ...WEB, cooldown: 0 } };
export const WORLD: AppWorldOptions = { contract: CONTRACT, entry: { applied: {} } };
const stackPolicy = (policy: string) => ({
  ".github/pulumiscale.yml": `stacks:\n  shop.prod:\n    ${policy}\n`,
});

export const ALERT = firingWith({ annotations: { pulumiscale_stack: "shop.prod", pulumiscale_delta: "1" } });
const LARGER = firingWith({
  annotations: { pulumiscale_stack: "shop.prod", pulumiscale_delta: "4" },
  startsAt: "2026-11-20T11:40:00Z",
});

const requireCheck = ({ world }: AppCase) =>
  world.github.protect("acme/infra", "main", { requiredChecks: [{ context: "ci", appId: null }] });

/** What a CI does: a commit status on the pull request's head. */
async function passCheck({ world: { github } }: AppCase): Promise<void> {
  const head = await github.readRef("acme/infra", "scale/shop.prod");
  const token = github.issueToken({ kind: "user", login: "alice" });
  const response = await fetch(`${github.apiUrl}/repos/acme/infra/statuses/${head}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ state: "success", context: "ci" }),
  });
  if (!response.ok) throw new Error(`the check could not be reported: ${response.status}`);
}

export const APP_SCENARIOS: readonly AppScenario[] = [
  {
    name: "a pull request that merges by itself",
    world: WORLD,
    act: (it) => it.send(ALERT),
    repeat: ALERT,
    ends: ["web 4, 1 scale commit"],
  },
  {
    name: "a direct commit",
    world: { ...WORLD, files: stackPolicy("delivery: direct") },
    act: (it) => it.send(ALERT),
    repeat: ALERT,
    ends: ["web 4, 1 scale commit"],
  },
  {
    name: "a change above the threshold",
    world: { ...WORLD, files: stackPolicy("approval: { above: 3 }") },
    act: (it) => it.send(ALERT),
    repeat: ALERT,
    ends: ["web 3, 0 scale commits, open needs-approval pull request of 4"],
  },
  {
    name: "a change above the threshold that a person approves",
    world: { ...WORLD, files: stackPolicy("approval: { above: 3 }") },
    prepare: (it) => it.send(ALERT),
    act: async ({ world }) => {
      await world.github.review("acme/infra", 1, { login: "alice", state: "APPROVED" });
    },
    repeat: ALERT,
    ends: ["web 4, 1 scale commit"],
  },
  {
    name: "a living pull request replaced by a larger scale-out",
    world: WORLD,
    prepare: async (it) => {
      requireCheck(it);
      await it.send(ALERT);
    },
    act: (it) => it.send(LARGER),
    repeat: LARGER,
    ends: ["web 3, 0 scale commits, open pull request of 7"],
  },
  {
    name: "a pull request merged once its check has passed",
    world: WORLD,
    prepare: async (it) => {
      requireCheck(it);
      await it.send(ALERT);
    },
    act: passCheck,
    repeat: ALERT,
    ends: ["web 4, 1 scale commit"],
  },
  {
    name: "a start, then an alert",
    world: WORLD,
    prepare: (it) => it.stopApp(),
    act: (it) => it.send(ALERT),
    repeat: ALERT,
    ends: ["web 4, 1 scale commit"],
  },
  {
    name: "a start with a pull request whose check has passed",
    world: WORLD,
    prepare: async (it) => {
      requireCheck(it);
      await it.send(ALERT);
      await it.quiet();
      await it.stopApp();
      await passCheck(it);
      await it.world.github.webhooksIdle();
    },
    act: (it) => it.send(ALERT),
    repeat: ALERT,
    ends: ["web 4, 1 scale commit"],
  },
];
