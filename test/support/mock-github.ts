import nock from "nock";
import { onTestFinished } from "vitest";

const URL = "https://api.github.com";

type Answer = { status: number; body: object | string; headers?: Record<string, string> } | { error: string };

/**
 * Answers of GitHub for the unit tests of the adapters, in order. A request without an answer fails, and so does an answer that
 * nobody asked for.
 */
export function mockGitHub(answers: readonly [method: string, path: string, answer: Answer][]): void {
  nock.disableNetConnect();
  for (const [method, path, answer] of answers) {
    const request = nock(URL).intercept(path, method);
    if ("error" in answer) request.replyWithError(answer.error);
    else request.reply(answer.status, answer.body, answer.headers ?? {});
  }
  onTestFinished(() => {
    const unused = nock.pendingMocks();
    nock.cleanAll();
    nock.enableNetConnect();
    nock.restore();
    nock.activate();
    if (unused.length > 0) throw new Error(`these answers were never asked for: ${unused.join(", ")}`);
  });
}
