import { describe, expect, it } from "vitest";
import { escapeSlack, renderSlack, SlackNotifier } from "../../src/notify/slack.ts";
import { HOSTILE, notification, SUBJECT } from "../support/notification.ts";
import { SLACK_PATH, startReceiver } from "../support/notify-world.ts";

const TARGET = { name: "ops", type: "slack" as const };
const MESSAGE = { subject: SUBJECT, news: [notification()] as const };
const signal = () => AbortSignal.timeout(5_000);

describe("a message in Slack", () => {
  it.each([
    ["who asked", notification({ requestedBy: HOSTILE })],
    ["who approved", notification({ kind: "applied", approvedBy: HOSTILE })],
    ["why it failed", notification({ kind: "failed", failure: HOSTILE })],
    ["what moves", notification({ changes: [{ name: HOSTILE, from: HOSTILE, to: HOSTILE }] })],
    ["the name", notification({ subject: { ...SUBJECT, name: HOSTILE } })],
    ["the run", notification({ runUrl: `https://github.com/${HOSTILE}` })],
    ["the run", notification({ runUrl: "https://github.com/|x>" })],
  ])("holds no mention, link or markup of text from outside: %s", (_, news) => {
    const { text, ...rest } = renderSlack({ subject: news.subject, news: [news] });
    const [head = "", ...lines] = text.split("\n");
    expect(head).toMatch(/^\*<https:\/\/github\.com\/acme\/infra\/pull\/12\|[^<>|]*>\*$/);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/[<>@*`|#\p{Cc}\p{Cf}]|https?:/u);
    expect(rest).toEqual({ unfurl_links: false, unfurl_media: false });
  });

  it.each([
    ["https://github.com/acme/infra/actions/runs/7", true],
    ["https://github.com.evil.example/acme", false],
    ["https://github.com@evil.example/acme", false],
    ["https://github.com\\@evil.example/acme", false],
    ["http://github.com/acme", false],
    ["https://ci.example/7", false],
  ])("links a run on the server of its subject alone: %s", (runUrl, isLinked) => {
    const news = notification({ kind: "applied", runUrl });
    expect(renderSlack({ subject: SUBJECT, news: [news] }).text.includes("|The run>")).toBe(isLinked);
    const ofNone = { ...news, subject: { ...SUBJECT, url: null } };
    expect(renderSlack({ subject: ofNone.subject, news: [ofNone] }).text).not.toContain("|The run>");
  });

  it("escapes what is left of Slack's control characters", () => {
    expect(escapeSlack("<!channel> & <@U1>")).toBe("&lt;!channel&gt; &amp; &lt;@U1&gt;");
  });
});

describe("SlackNotifier", () => {
  it("posts JSON to the address of the target's name", async () => {
    const { url, posts } = await startReceiver();
    const slack = new SlackNotifier(new Map([["ops", `${url}${SLACK_PATH}`]]));
    expect(await slack.send(TARGET, MESSAGE, signal())).toEqual({ kind: "sent" });
    expect(posts).toMatchObject([{ path: SLACK_PATH, headers: { "content-type": "application/json" } }]);
    expect(await slack.send({ ...TARGET, name: "other" }, MESSAGE, signal())).toMatchObject({
      kind: "refused",
    });
  });

  it.each([
    [404, "channel_not_found", {}, { kind: "refused", why: "it answered 404 (channel_not_found)" }],
    [403, "<b>no</b>", {}, { kind: "refused", why: "it answered 403" }],
    [
      429,
      "rate_limited",
      { "retry-after": "7" },
      { kind: "again", why: "it answered 429 (rate_limited)", afterMs: 7000 },
    ],
    [429, "", { "retry-after": "86400" }, { kind: "again", why: "it answered 429", afterMs: 60_000 }],
    [503, "", { "retry-after": "soon" }, { kind: "again", why: "it answered 503", afterMs: null }],
  ])("takes a %i with %o for what it is", async (status, body, headers, sent) => {
    const { url } = await startReceiver((response) => response.writeHead(status, headers).end(body));
    const slack = new SlackNotifier(new Map([["ops", url]]));
    expect(await slack.send(TARGET, MESSAGE, signal())).toEqual(sent);
  });

  it("follows no redirect", async () => {
    const elsewhere = await startReceiver();
    const { url } = await startReceiver((response) =>
      response.writeHead(307, { location: `${elsewhere.url}/x` }).end(),
    );
    const slack = new SlackNotifier(new Map([["ops", url]]));
    expect(await slack.send(TARGET, MESSAGE, signal())).toEqual({
      kind: "refused",
      why: "it answered 307, and redirects are not followed",
    });
    expect(elsewhere.posts).toEqual([]);
  });

  it("tells nothing of its address where nobody listens", async () => {
    const slack = new SlackNotifier(new Map([["ops", `http://127.0.0.1:1${SLACK_PATH}`]]));
    const sent = await slack.send(TARGET, MESSAGE, signal());
    expect(sent).toMatchObject({ kind: "again", why: expect.stringMatching(/^the connection failed/) });
    expect(JSON.stringify(sent)).not.toContain(SLACK_PATH);
  });

  it.each([
    ["an answer that never ends", true],
    ["no answer at all", false],
  ])("waits no longer than it may for %s", async (_, begins) => {
    const { url } = await startReceiver((response) => {
      if (begins) response.writeHead(500).write("x");
    });
    const slack = new SlackNotifier(new Map([["ops", url]]));
    expect(await slack.send(TARGET, MESSAGE, AbortSignal.timeout(200))).toEqual({
      kind: "again",
      why: "no answer came in time",
      afterMs: null,
    });
  });
});
