import { createHmac, randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { startAppWorld } from "./support/app-world.ts";

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
    const deliver = async (name: string, payload: object, secret: string) => {
      const body = JSON.stringify(payload);
      const signature = createHmac("sha256", secret).update(body).digest("hex");
      const response = await fetch(`${replica.url}/api/github/webhooks`, {
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
    };
    expect(examples.length).toBeGreaterThan(40);
    for (const { name, examples: payloads } of examples) {
      for (const payload of payloads)
        expect([name, await deliver(name, payload, SECRET)]).toEqual([name, 200]);
      expect([name, await deliver(name, payloads[0] ?? {}, "another-secret")]).toEqual([name, 400]);
    }
    expect((await fetch(`${replica.url}/readyz`)).status).toBe(200);
  });
});
