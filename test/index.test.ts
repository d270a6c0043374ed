import { createHmac, randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mutated, tries } from "./fuzz/support/fuzz.ts";
import { startAppWorld } from "./support/app-world.ts";
import type { AppWorld } from "./support/open-app-world.ts";
import { recordedLogger } from "./support/recorded-logger.ts";

type Examples = { name: string; examples: object[] }[];
const examples: Examples = createRequire(import.meta.url)(
  "@octokit/webhooks-examples/api.github.com/index.json",
);
const SECRET = "the-apps-own-webhook-secret";

describe("GitHub's events", () => {
  it("are taken, every example of GitHub's own, and only with the right signature", {
    timeout: 60_000,
  }, async () => {
    const { replica } = await startAppWorld();
    expect(examples.length).toBeGreaterThan(40);
    for (const { name, examples: payloads } of examples) {
      for (const payload of payloads)
        expect([name, await deliver(replica, name, payload)]).toEqual([name, 200]);
      expect([name, await deliver(replica, name, payloads[0] ?? {}, "another-secret")]).toEqual([name, 400]);
    }
    expect((await fetch(`${replica.url}/readyz`)).status).toBe(200);
  });

  it("are acknowledged whatever is in them, and what could not be done with one is logged", {
    timeout: 120_000,
  }, async () => {
    const log = recordedLogger();
    const { replica } = await startAppWorld({ log: log.logger });
    expect(await deliver(replica, "push", { ref: "refs/heads/main", repository: null, commits: [] })).toBe(
      200,
    );
    expect(log.lines()).toContainEqual(
      expect.objectContaining({ msg: "an event of GitHub could not be handled", event: "push" }),
    );
    const events = examples.flatMap(({ name, examples: payloads }) =>
      payloads.map((payload) => mutated(payload).map((changed) => ({ name, payload, changed }))),
    );
    // Before any handler Probot makes a client for the installation, and wants a number for it.
    const event = fc.oneof(...events).map(({ name, payload, changed }) => {
      const installation = "installation" in payload ? { installation: payload.installation } : {};
      return { name, changed: { ...Object(changed), ...installation } };
    });
    await fc.assert(
      fc.asyncProperty(event, async ({ name, changed }) => {
        expect(await deliver(replica, name, changed)).toBe(200);
      }),
      tries(300),
    );
    await replica.idle();
    expect((await fetch(`${replica.url}/readyz`)).status).toBe(200);
  });
});

async function deliver({ url }: AppWorld["replica"], name: string, payload: unknown, secret = SECRET) {
  const body = JSON.stringify(payload);
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const response = await fetch(`${url}/api/github/webhooks`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": name,
      "x-github-delivery": randomUUID(),
      "x-hub-signature-256": `sha256=${signature}`,
    },
    body,
  });
  return response.status;
}
