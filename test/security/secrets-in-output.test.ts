import { createHash, createHmac, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { PROCESS_SECRETS, startAppProcessWorld } from "../support/app-process-world.ts";
import { eventually } from "../support/app-world.ts";
import { TOKEN } from "../support/open-app-world.ts";

const HMAC = PROCESS_SECRETS.PULUMISCALE_HMAC_SECRET;
const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const sign = (secret: string, body: string) =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

describe("secrets in the output", () => {
  test("the app prints none at LOG_LEVEL=trace, whatever happens", { timeout: 120_000 }, async () => {
    const { github, app, own } = await startAppProcessWorld(
      { LOG_LEVEL: "trace" },
      { entry: { tokenHashes: [hash(TOKEN), hash(HMAC)] } },
    );
    const { url, process: running } = own;
    const call = (path: string, body: string, headers: Record<string, string> = {}) =>
      fetch(`${url}${path}`, { method: "POST", headers, body }).then(({ status }) => status);
    const bearer = { authorization: `Bearer ${TOKEN}` };
    const wrong = "a-mistyped-secret-of-somebody-else-0123456789";
    const body = '{"value":5}';
    const signature = sign(HMAC, body);

    expect(await call("/scale/web", body, bearer)).toBe(200);
    expect(await call(`/scale/api?token=${TOKEN}`, body)).toBe(200);
    expect(await call("/scale/web", body, { "x-pulumiscale-signature": signature })).toBe(200);
    expect(await call(`/scale/web?token=${TOKEN}&x=1`, body)).toBe(422);
    expect(await call(`/${TOKEN}?token=${wrong}`, body, { cookie: `session=${wrong}` })).toBe(401);
    expect(await call("/scale/web", body, { authorization: `Basic ${wrong}` })).toBe(401);
    const metrics = await fetch(`${url}/metrics`, {
      headers: { authorization: `Bearer ${PROCESS_SECRETS.PULUMISCALE_METRICS_TOKEN}` },
    });
    expect(metrics.status).toBe(200);

    const push = JSON.stringify({ ref: "refs/heads/main", token: wrong, repository: null });
    const deliver = (secret: string) =>
      call("/api/github/webhooks", push, {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": randomUUID(),
        "x-hub-signature-256": sign(secret, push),
      });
    expect(await deliver(wrong)).toBe(400);
    // The handler fails on a repository that is none: Probot logs the error with the event in it.
    await deliver(PROCESS_SECRETS.WEBHOOK_SECRET);

    for (const status of [401, 403, 404, 500, 502]) {
      github.faults.add({ match: { path: /graphql/ }, kind: "status", status, times: 2 });
      await call("/scale/web", `{"value":${(status % 9) + 1}}`, bearer);
    }
    await eventually(
      () => running.lines.join("\n"),
      (output) => output.includes('"level":50'),
    );
    await running.stop();

    const output = running.lines.join("\n");
    expect(output).toContain('"level":20');
    expect(output).toContain("signature does not match");
    const secrets = [
      TOKEN,
      wrong,
      signature,
      ...Object.values(PROCESS_SECRETS),
      ...app.privateKey.split("\n").filter((line) => line !== "" && !line.startsWith("-----")),
    ];
    for (const secret of secrets) expect(output).not.toContain(secret);
    expect(output).not.toMatch(/gh[a-z]_[A-Za-z0-9]{6}/);
    expect(output).not.toMatch(/eyJ[\w-]{8}/);
  });
});
