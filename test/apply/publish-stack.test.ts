import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ContractError } from "../../src/apply/read-contract.ts";
import { hashToken, WebhookSecretError } from "../../src/apply/webhook-secrets.ts";
import { IssuerKeys } from "../../src/ledger/issuer-keys.ts";
import { LedgerJudge } from "../../src/ledger/ledger-judge.ts";
import { type DeployRepository, makeDeployRepository, SECRET } from "./support/deploy-repository.ts";

const REPO = "acme/infra";
const PROGRAM = "deploy/Pulumi.yaml";
const KEY = "pulumiscale:webhook-secret";

let repository: DeployRepository;

beforeAll(async () => {
  repository = await makeDeployRepository("yaml-stash", {
    "shop:webCount": 3,
    "shop:queueCount": 5,
    "shop:idleCount": 1,
  });
}, 60_000);
afterAll(() => repository.stop());

const head = async () => (await repository.github.readRef(REPO, "main")) ?? "";
const config = (...args: string[]) => repository.stack.pulumi("config", ...args, "--stack", "dev");

describe("publish", { timeout: 30_000 }, () => {
  it("refuses a stack without a webhook secret, with one in plain text, or with a short one", async () => {
    try {
      await config("rm", KEY);
      await expect(repository.publish()).rejects.toThrow(WebhookSecretError);
      await expect(repository.publish()).rejects.toThrow(/no webhook secret.*pulumi config set --secret/s);
      await config("set", KEY, SECRET, "--plaintext");
      await expect(repository.publish()).rejects.toThrow(/stands in the stack file for all to read/);
      await config("set", KEY, "hunter2", "--secret");
      const refused = await repository.publish().catch((error: unknown) => error);
      expect(String(refused)).toContain("under 32 characters");
      expect(String(refused)).not.toContain("hunter2");
    } finally {
      await repository.checkout(await head());
    }
  });

  it("accepts a second secret beside the first while it is changed", async () => {
    const second = `${SECRET}-second`;
    await config("set", "pulumiscale:webhookToken", second, "--secret");
    const entry = await repository.publish();
    expect(entry.tokenHashes).toEqual([hashToken(SECRET), hashToken(second)]);
    await repository.checkout(await head());
  });

  it("warns of a bad pool by its path, and publishes the good ones", async () => {
    const text = (await repository.github.readFile(REPO, PROGRAM)) ?? "";
    await repository.checkout(await repository.push({ [PROGRAM]: text.replace("min: 0", "min: 200") }));
    await repository.fullUp();
    repository.said.length = 0;
    const entry = await repository.publish();
    expect(repository.said).toContainEqual("pulumiscale.queue.min: min is larger than max");
    expect(entry.applied).toEqual({ web: 3, idle: 1 });
  });

  it("of an older commit says so in a warning, and the ledger tells the truth", async () => {
    const newer = await head();
    const [, older] = await repository.github.readLog(REPO, "main");
    await repository.checkout(older?.oid ?? "");
    await repository.fullUp();
    repository.said.length = 0;
    const entry = await repository.publish();
    expect(entry.deployed).toBe(older?.oid);
    expect(repository.said.join()).toContain(
      `does not have the commit deployed before it, ${newer.slice(0, 7)}`,
    );
    await repository.checkout(newer);
    await repository.fullUp();
    repository.said.length = 0;
    await repository.publish();
    expect(repository.said.join()).not.toContain("deployed before it");
  });

  it("fails where no pool is good, and names each problem", async () => {
    const text = (await repository.github.readFile(REPO, PROGRAM)) ?? "";
    await repository.checkout(await repository.push({ [PROGRAM]: text.replaceAll("max: 10\n", "max: 0\n") }));
    await repository.fullUp();
    await expect(repository.publish()).rejects.toThrow(ContractError);
    await expect(repository.publish()).rejects.toThrow(/pulumiscale\.web\.min: min is larger than max/);
    expect(await readFile(repository.stack.stackFile, "utf8")).toContain("webCount: 3");
  });

  it("names all that is missing at once: the contract, the secret, the signature", async () => {
    await config("rm", KEY);
    const keys = new IssuerKeys(repository.issuer.url, Date.now);
    const ledger = { judge: new LedgerJudge(keys, Date.now), requestToken: null };
    const refused = await repository.publish({ ledger }).catch((error: unknown) => error);
    expect(String(refused)).toMatch(
      /^SeveralMissingError: 3 things are missing:\n1\. The contract of the stack/,
    );
    expect(String(refused)).toMatch(/\n2\. The stack dev has no webhook secret\./);
    expect(String(refused)).toMatch(/\n3\. This job may not sign .+ `permissions: id-token: write`/);
  });
});
