import {
  type Notification,
  type NotificationDraft,
  notificationOf,
  pullSubject,
} from "../../src/domain/notification.ts";

/** What may stand wherever a sender, a person or Pulumi has written it. */
export const HOSTILE =
  "<!channel> <@U123> <!subteam^S1|x> @here *b* _i_ `c` <https://evil.example|click> & \r\nBcc: eve@evil.example\r\n\r\n<img src=x>\u202e\u0000 [a](https://evil.example) #general";

export const SUBJECT = pullSubject(
  {
    kind: "scale",
    repository: { owner: "acme", repo: "infra" },
    name: "shop.prod",
    serverUrl: "https://github.com",
  },
  12,
);

export function notification(over: Partial<NotificationDraft> = {}): Notification {
  return notificationOf({
    kind: "opened",
    atMs: Date.parse("2026-11-21T12:00:00Z"),
    subject: SUBJECT,
    summary: null,
    changes: [{ name: "web", from: 3, to: 5 }],
    requestedBy: "scale",
    approvedBy: null,
    failure: null,
    runUrl: null,
    identity: [],
    ...over,
  });
}
