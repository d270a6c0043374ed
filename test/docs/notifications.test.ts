import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NOTIFICATION_KINDS, notificationOf, pullSubject } from "../../src/domain/notification.ts";
import { parseNotificationSecrets, settingsOf } from "../../src/domain/notification-secrets.ts";
import { namedTargets } from "../../src/domain/notification-targets.ts";
import { parseRepositoryFile } from "../../src/domain/repository-file.ts";
import { renderSlack } from "../../src/notify/slack.ts";
import { renderWebhook } from "../../src/notify/webhook.ts";

const page = readFileSync(new URL("../../docs/notifications.md", import.meta.url), "utf8");
const block = (name: string): string => {
  const start = page.indexOf("\n", page.indexOf(` file=${name}\n`)) + 1;
  return page.slice(start, page.indexOf("```", start));
};
const parsed = parseRepositoryFile(block(".github/pulumiscale.yml"));
const targets = parsed.kind === "good" ? namedTargets(parsed.file.notifications ?? {}) : [];
const settings = (name: string) =>
  Object.fromEntries(
    block(name)
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
const environment = settings("notifications.env");
const common = {
  subject: pullSubject(
    {
      ...{ kind: "scale", repository: { owner: "acme", repo: "infra" }, name: "shop.prod" },
      serverUrl: "https://github.com",
    },
    12,
  ),
  atMs: Date.parse("2026-11-21T12:00:00Z"),
  changes: [{ name: "web", from: 3, to: 12 }],
  summary: null,
  requestedBy: "alertmanager",
  failure: null,
};

describe("docs/notifications.md", () => {
  it("shows a repository file that is one, with a target of each type", () => {
    expect(parsed.kind).toBe("good");
    expect(targets.map(({ type }) => type)).toEqual(["slack", "email", "webhook"]);
  });

  it("shows the settings that these targets need, and no others", () => {
    expect(Object.keys(environment)).toEqual(targets.flatMap(settingsOf));
    expect(parseNotificationSecrets(environment).problems).toEqual([]);
  });

  it("shows the settings by which mail is bound", () => {
    const { secrets, problems } = parseNotificationSecrets(settings("mail.env"));
    expect(problems).toEqual([]);
    expect(secrets.mail).toEqual({
      from: "pulumiscale@example.com",
      domains: new Set(["example.com", "example.org"]),
    });
  });

  it("has a row for each kind", () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, kind]) => kind);
    expect(rows).toEqual([...NOTIFICATION_KINDS]);
  });

  it("shows what arrives in Slack", () => {
    const waiting = notificationOf({
      ...{ ...common, kind: "waiting", approvedBy: null, runUrl: null, identity: ["web", 12] },
    });
    const { text } = renderSlack({ subject: common.subject, news: [waiting] });
    expect(block("slack.txt")).toBe(`${text}\n`);
  });

  it("shows the body of a webhook", () => {
    const applied = notificationOf({
      ...{ ...common, kind: "applied", approvedBy: "bob", identity: ["1".repeat(40)] },
      runUrl: "https://github.com/acme/infra/actions/runs/7",
    });
    expect(JSON.parse(block("webhook.json"))).toEqual(renderWebhook(applied));
  });
});
