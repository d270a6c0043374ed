// Started with `fork`: the app, or the bare route that it is measured against, in a process of its own. The first
// message says which; it answers with its port, and each later message with the processor time that it has used.
import { createHash, timingSafeEqual } from "node:crypto";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { z } from "zod";
import { startApp } from "../../src/main.ts";
import { readSettings } from "../../src/settings.ts";

export const Start = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("app"), environment: z.record(z.string(), z.string()) }),
  z.object({ kind: z.literal("bare"), path: z.string(), hashes: z.array(z.string()), answer: z.unknown() }),
]);
export type Start = z.infer<typeof Start>;

process.once("message", async (message) => {
  const start = Start.parse(message);
  const port =
    start.kind === "app" ? (await startApp(readSettings(start.environment))).port : await serveBare(start);
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.send?.(port);
});
// The parent is gone, or is done.
process.once("disconnect", () => process.exit());

/** What any server has to do for such a request: check the token as we do, parse the body, answer. */
function serveBare({ path, hashes, answer }: Extract<Start, { kind: "bare" }>): Promise<number> {
  const known = hashes.map((hash) => Buffer.from(hash, "hex"));
  const app = new Hono();
  app.post(path, async (c) => {
    const token = /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
    const digest = createHash("sha256").update(token).digest();
    let isOpen = false;
    for (const hash of known) isOpen = timingSafeEqual(hash, digest) || isOpen;
    if (!isOpen) return c.json({}, 401);
    await c.req.json();
    return c.json(answer);
  });
  return new Promise((resolve) =>
    serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => resolve(port)),
  );
}
