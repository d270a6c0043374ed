import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Notification } from "../../src/domain/notification.ts";
import { renderMail } from "../../src/notify/email.ts";
import { renderSlack } from "../../src/notify/slack.ts";
import { renderWebhook } from "../../src/notify/webhook.ts";
import { notification, SUBJECT } from "../support/notification.ts";
import { hostileText, tries } from "./support/fuzz.ts";

const TARGET = {
  ...{ name: "people", type: "email" as const },
  ...{ from: "scale@acme.example", to: ["ops@acme.example"] },
};
const value = fc.oneof(hostileText, fc.integer(), fc.constant(null));

/** A notification of which every text is an attacker's. */
const hostile = fc
  .record({
    kind: fc.constantFrom("opened" as const, "waiting" as const, "failed" as const, "applied" as const),
    changes: fc.array(fc.record({ name: hostileText, from: value, to: value }), { maxLength: 12 }),
    summary: fc.option(hostileText),
    requestedBy: fc.option(hostileText),
    approvedBy: fc.option(hostileText),
    failure: fc.option(hostileText),
    runUrl: fc.option(hostileText),
    name: hostileText,
    id: hostileText,
  })
  .map(({ name, id, ...over }): Notification => notification({ ...over, subject: { ...SUBJECT, name, id } }));

const only = (news: Notification) => ({ subject: news.subject, news: [news] as const });

describe("no text from outside", () => {
  test("is anything but text in Slack", () => {
    const check = (news: Notification) => {
      const { text } = renderSlack(only(news));
      const [head = "", ...lines] = text.split("\n");
      expect(head).toMatch(/^\*<https:\/\/github\.com\/acme\/infra\/pull\/12\|[^<>|\r\n]*>\*$/);
      expect(lines).toHaveLength(1);
      // A link to the run is ours, where it is one.
      expect(lines[0]?.replace(/ <https?:\/\/[^<>|\s]+\|The run>$/, "")).not.toMatch(
        /[<>@*`|]|\p{Cc}|\p{Cf}/u,
      );
      expect(text.length).toBeLessThan(4_000);
      expect(text.isWellFormed()).toBe(true);
    };
    fc.assert(fc.property(hostile, check), tries(500));
  });

  test("is a header of a mail, or changes to whom it goes", () => {
    const check = (news: Notification) => {
      const { from, to, subject, messageId, inReplyTo, references } = renderMail(TARGET, only(news));
      expect({ from, to }).toEqual({ from: TARGET.from, to: TARGET.to });
      expect(subject).toMatch(
        /^(?:Re: )?Scale pull request No\. 12 of acme\/infra \([^\p{Cc}\p{Cf}]*\)?…?$/u,
      );
      for (const id of [messageId, inReplyTo, references])
        if (id !== undefined) expect(id).toMatch(/^<[0-9a-f]{32}(?:\.[0-9a-f]{32})?@acme\.example>$/);
    };
    fc.assert(fc.property(hostile, check), tries(500));
  });

  test("is more than a clean sentence in a webhook, whose ids stay ids", () => {
    const check = (news: Notification) => {
      expect(news.id).toMatch(/^[0-9a-f]{32}$/);
      const { data } = JSON.parse(JSON.stringify(renderWebhook(news)));
      expect(data.text).not.toMatch(/[<>@*`|]|https?:|\p{Cc}|\p{Cf}/u);
      expect(data.runUrl ?? "https://x").toMatch(/^https?:\/\/[^\s<>|"'`]+$/);
    };
    fc.assert(fc.property(hostile, check), tries(500));
  });
});
