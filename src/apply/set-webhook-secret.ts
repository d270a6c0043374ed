import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addSecret, type SecretAdded } from "../domain/add-secret.ts";
import { parseEncryptedSecret, SECRET_KEY } from "../domain/find-secret.ts";
import { lastLines, PulumiReadError } from "./pulumi-errors.ts";
import { type PulumiSettings, readWithPulumi } from "./pulumi-process.ts";

/** The stack file as it is; null where there is none yet. */
export type StackFileNow = { text: string | null; extension: "yaml" | "yml" };

/**
 * Answers the text of the stack file with the webhook secret set in it, encrypted with the stack's own key. Writes nothing:
 * Pulumi, which would rewrite a person's file, encrypts into a copy, and the line is taken over from there. The secret is
 * handed to Pulumi on stdin, and stands in no list of processes, file or error. Throws `PulumiReadError`.
 */
export async function setWebhookSecret(
  stack: string,
  stackFile: StackFileNow,
  secret: string,
  settings: PulumiSettings,
): Promise<SecretAdded> {
  const folder = await mkdtemp(join(tmpdir(), "pulumiscale-secret-"));
  try {
    const copy = join(folder, `Pulumi.copy.${stackFile.extension}`);
    if (stackFile.text !== null) await writeFile(copy, stackFile.text);
    const args = ["config", "set", "--secret", SECRET_KEY, "--config-file", copy, "--stack", stack];
    const run = await readWithPulumi(args, { ...settings, environment: ownKey(settings) }, secret);
    const said = run.stderr.replaceAll(secret, "***");
    if (run.exitCode !== 0) throw new PulumiReadError(WHAT, said, ADVICE);
    const encrypted = parseEncryptedSecret(await readFile(copy, "utf8").catch(() => ""));
    if (encrypted === null || encrypted.ciphertext.includes(secret))
      throw new PulumiReadError(WHAT, `it left no encrypted value. ${lastLines(said)}`, ADVICE);
    return addSecret(stackFile.text ?? "", encrypted);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const WHAT = "encrypt the webhook secret";
const ADVICE =
  "Nothing was written. Check --stack, the backend and its credentials, and PULUMI_CONFIG_PASSPHRASE where the stack uses one.";

/**
 * Where the stack file does not say yet how the stack encrypts, its state does. Without this Pulumi would begin anew,
 * with any passphrase.
 */
function ownKey({ environment }: PulumiSettings): PulumiSettings["environment"] {
  return { ...environment, PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true" };
}
