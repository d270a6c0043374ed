import { createHash } from "node:crypto";
import { z } from "zod";
import { PulumiReadError } from "./pulumi-errors.ts";
import { type PulumiSettings, readWithPulumi } from "./pulumi-process.ts";

/** The config keys that hold webhook secrets: the one in use, and one beside it while it is changed. */
const SECRET_KEYS = ["pulumiscale:webhook-secret", "pulumiscale:webhookToken"] as const;

const SHORTEST_SECRET = 32;

/** No secret that may be used is configured; the sentence says how to set one. Never holds a value. */
export class WebhookSecretError extends Error {
  readonly code = "webhook-secret";
  constructor(why: string, stack: string) {
    super(
      `${why} Without a good one no alert could authenticate. ` +
        `Set one with \`openssl rand -hex 32 | pulumi config set --secret ${SECRET_KEYS[0]} --stack ${stack}\`, commit the stack file, and give the same value to the sender.`,
    );
    this.name = "WebhookSecretError";
  }
}

const Config = z.record(
  z.string(),
  z.object({ value: z.string().optional(), secret: z.boolean().default(false) }),
);

/**
 * Reads the stack's webhook secrets with Pulumi, which alone can decrypt them. Throws `WebhookSecretError` where there
 * is none, one in plain text, or one of under 32 characters, and `PulumiReadError`.
 */
export async function readWebhookSecrets(stack: string, settings: PulumiSettings): Promise<string[]> {
  const run = await readWithPulumi(["config", "--json", "--show-secrets", "--stack", stack], settings);
  if (run.exitCode !== 0) {
    throw new PulumiReadError(
      `read the configuration of the stack ${stack}`,
      run.stderr,
      "Check the stack's name (stack-name, --stack), the backend and its credentials, and PULUMI_CONFIG_PASSPHRASE where the stack uses one.",
    );
  }
  const config = Config.parse(JSON.parse(run.stdout));
  const secrets: string[] = [];
  for (const key of SECRET_KEYS) {
    const { value, secret: isSecret } = config[key] ?? { secret: false };
    if (value === undefined) continue;
    if (!isSecret)
      throw new WebhookSecretError(`The value of ${key} stands in the stack file for all to read.`, stack);
    if (value.length < SHORTEST_SECRET)
      throw new WebhookSecretError(`The secret ${key} has under ${SHORTEST_SECRET} characters.`, stack);
    secrets.push(value);
  }
  if (secrets.length === 0) throw new WebhookSecretError(`The stack ${stack} has no webhook secret.`, stack);
  return secrets;
}

/** SHA-256 in hex: the ledger holds no secret. */
export function hashToken(secret: string): string {
  return createHash("sha256").update(secret, "utf8").digest("hex");
}
