import { createTestAws, type TestAws, TOPIC } from "../sns/test-aws.ts";
import { PROD, PROD_TOKEN, startServer, type TestServer } from "../support/http-server.ts";

export const PATH = "/webhook/web/cloudwatch";

/** The server, with AWS as the tests have it, and the topic in the stack's list. */
export type CloudwatchServer = TestServer & {
  aws: TestAws;
  /** Posts as SNS does: the token in the URL, the body as text. */
  deliver: (body: unknown, path?: string, headers?: Record<string, string>) => Promise<Response>;
};

export async function startCloudwatchServer(
  options: { endpoint?: URL; clock?: () => number; answerWithinMs?: number } = {},
): Promise<CloudwatchServer> {
  const { endpoint = null, ...app } = options;
  const aws = await createTestAws();
  const server = await startServer({ sns: { fetch: aws.fetch, endpoint }, ...app });
  server.scaling.topics.set(PROD.id, { kind: "topics", arns: new Set([TOPIC]) });
  const deliver: CloudwatchServer["deliver"] = (body, path = PATH, headers = {}) => {
    const token = `${path.includes("?") ? "&" : "?"}token=${PROD_TOKEN}`;
    const sent = { "content-type": "text/plain; charset=UTF-8", ...headers };
    return server.post(path + token, body, sent);
  };
  return { ...server, aws, deliver };
}
