import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { startAppWorld } from "../support/app-world.ts";
import { type AppWorldOptions, TOKEN } from "../support/open-app-world.ts";
import { PLACE, STACK_FILE } from "../support/shop-stack.ts";
import { startAppProcess } from "../world/start-app-process.ts";
import { startSns } from "./start-sns.ts";
import { TOPIC } from "./test-aws.ts";

export const LISTED = `${STACK_FILE}  pulumiscale:sns-topics:\n    - ${TOPIC} # ours\n`;

/**
 * GitHub's stand-in, a small SNS over https whose authority only the environment names, and the app as a process of its own.
 * The stack file lists the topic `TOPIC`.
 */
export async function startSnsWorld(options: AppWorldOptions & { signatureVersion?: "1" | "2" } = {}) {
  const sns = await startSns(options.signatureVersion);
  onTestFinished(() => sns.stop());
  const world = await startAppWorld({ ...options, files: { [PLACE.path]: LISTED, ...options.files } });
  const folder = mkdtempSync(join(tmpdir(), "sns-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const authority = join(folder, "authority.pem");
  writeFileSync(authority, sns.authority);
  const app = await startAppProcess({
    ...world.environment,
    LOG_LEVEL: "info",
    AWS_ENDPOINT_URL_SNS: sns.url,
    NODE_EXTRA_CA_CERTS: authority,
  });
  onTestFinished(() => app.process.stop());
  /** The URL that is subscribed for a pool. */
  const endpoint = (pool: string, query = "") =>
    `${app.url}/webhook/${pool}/cloudwatch?token=${TOKEN}${query === "" ? "" : `&${query}`}`;
  const scaleCommits = async () =>
    (await world.github.readLog("acme/infra", "main"))
      .map(({ message }) => message)
      .filter((message) => message.startsWith("scale("));
  return { ...world, sns, own: app, endpoint, scaleCommits };
}
