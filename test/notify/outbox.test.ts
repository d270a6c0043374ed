import { describe, expect, it, onTestFinished } from "vitest";
import { pullSubject } from "../../src/domain/notification.ts";
import { parseNotificationSecrets } from "../../src/domain/notification-secrets.ts";
import type { NamedTarget } from "../../src/domain/notification-targets.ts";
import type { NotifyMessage } from "../../src/notify/notifier.ts";
import { Outbox } from "../../src/notify/outbox.ts";
import { notification } from "../support/notification.ts";
import { startReceiver, WEBHOOK_KEY } from "../support/notify-world.ts";

const AUDIT: NamedTarget = { name: "audit", type: "webhook" };
const PEOPLE: NamedTarget = {
  ...{ name: "people", type: "email" },
  ...{ from: "scale@acme.example", to: ["ops@acme.example", "oncall@ACME.example"] },
};
const SMTP = { PULUMISCALE_SMTP_URL_PEOPLE: "smtp://mail.acme.example" };

function openOutbox(environment: Record<string, string>) {
  const givenUp: string[] = [];
  const { secrets, problems } = parseNotificationSecrets(environment);
  expect(problems).toEqual([]);
  const waits = { tryMs: 3_600_000, stopMs: 1 };
  const onGivenUp = (target: string, why: string) => givenUp.push(`${target}: ${why}`);
  const outbox = new Outbox({ secrets, clock: Date.now, waits, onGivenUp });
  onTestFinished(() => outbox.stop());
  return { outbox, givenUp };
}

function messageOf(repo: string): NotifyMessage {
  const facts = { kind: "scale", name: "shop.prod", serverUrl: "https://github.com" } as const;
  const subject = pullSubject({ ...facts, repository: { owner: "acme", repo } }, 12);
  return { subject, news: [notification({ subject })] };
}

it("a repository's messages wait for no other repository's", async () => {
  const arrived: string[] = [];
  const told = Promise.withResolvers<void>();
  const hook = await startReceiver((response, { body }) => {
    const { repo } = JSON.parse(body).data.subject;
    arrived.push(repo);
    if (repo === "slow") return;
    response.end();
    told.resolve();
  });
  const { outbox, givenUp } = openOutbox({
    ...{ PULUMISCALE_WEBHOOK_URL_AUDIT: hook.url, PULUMISCALE_WEBHOOK_KEY_AUDIT: WEBHOOK_KEY },
  });
  // More than may wait: what is too much of one is not too much of the other.
  for (let count = 0; count < 102; count += 1) outbox.post(AUDIT, messageOf("slow"));
  outbox.post(AUDIT, messageOf("quick"));
  await told.promise;
  expect(arrived.filter((repo) => repo === "quick")).toHaveLength(1);
  expect(givenUp).toEqual(["webhook audit of acme/slow: 100 messages wait for it already"]);
  await outbox.stop();
  outbox.post(AUDIT, messageOf("late"));
  await outbox.idle();
  expect(arrived).not.toContain("late");
});

describe("the domains that mail may go to", () => {
  it.each([
    ["any, unless said", {}, []],
    ["those that are named", { PULUMISCALE_MAIL_DOMAINS: "other.example, Acme.example" }, []],
    [
      "no other, and from no other",
      { PULUMISCALE_MAIL_DOMAINS: "other.example" },
      ["PULUMISCALE_MAIL_DOMAINS (without acme.example)"],
    ],
    [
      "no other below them",
      { PULUMISCALE_MAIL_DOMAINS: "example" },
      ["PULUMISCALE_MAIL_DOMAINS (without acme.example)"],
    ],
  ])("are %s", (_, environment, lacking) => {
    expect(openOutbox({ ...SMTP, ...environment }).outbox.lacks(PEOPLE)).toEqual(lacking);
  });

  it("do not bind the address of whoever runs it, and bind nothing but mail", () => {
    const environment = { PULUMISCALE_MAIL_DOMAINS: "b.example", PULUMISCALE_MAIL_FROM: "robot@c.example" };
    const { outbox } = openOutbox({ ...SMTP, ...environment });
    expect(outbox.lacks({ ...PEOPLE, to: ["ops@b.example"] })).toEqual([]);
    expect(outbox.lacks({ ...PEOPLE, to: ["ops@b.example.evil.example"] })).toHaveLength(1);
  });
});
