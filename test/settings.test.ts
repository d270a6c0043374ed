import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readSettings, SettingsError } from "../src/settings.ts";

const key = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
}).privateKey;
const enough = { APP_ID: "7", PRIVATE_KEY: key, WEBHOOK_SECRET: "a-webhook-secret" };

function refusal(environment: Record<string, string>): string {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
  }
  throw new Error("it was not refused");
}

describe("readSettings", () => {
  it("starts with an App's credentials and defaults for the rest", () => {
    expect(readSettings(enough)).toMatchObject({
      appId: 7,
      privateKey: key,
      githubApiUrl: "https://api.github.com",
      host: "0.0.0.0",
      port: 3000,
      defaultStack: null,
      paused: null,
    });
  });

  it("names every setting that is missing", () => {
    const message = refusal({});
    for (const name of ["APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET"]) expect(message).toContain(name);
  });

  it.each<[string, Record<string, string>, string]>([
    ["an id that is no number", { APP_ID: "x" }, "APP_ID"],
    ["a key that is no key", { PRIVATE_KEY: "s3cr3t-value" }, "PRIVATE_KEY"],
    ["Probot's well-known webhook secret", { WEBHOOK_SECRET: "development" }, "WEBHOOK_SECRET"],
    [
      "a default stack without a repository",
      { PULUMISCALE_DEFAULT_STACK: "shop.prod" },
      "PULUMISCALE_DEFAULT_STACK",
    ],
    ["an alias that is none", { PULUMISCALE_DEFAULT_STACK: "o/r/a..b" }, "PULUMISCALE_DEFAULT_STACK"],
    ["a short HMAC secret", { PULUMISCALE_HMAC_SECRET: "short-s3cr3t-value" }, "PULUMISCALE_HMAC_SECRET"],
    [
      "an SNS over http that is not on this machine",
      { AWS_ENDPOINT_URL_SNS: "http://sns.test" },
      "AWS_ENDPOINT_URL_SNS",
    ],
    [
      "an SNS that only begins like this machine",
      { AWS_ENDPOINT_URL_SNS: "http://localhost.evil.com" },
      "AWS_ENDPOINT_URL_SNS",
    ],
    ["an SNS that is no URL", { AWS_ENDPOINT_URL_SNS: "sns" }, "AWS_ENDPOINT_URL_SNS"],
    [
      "an issuer over http that is not on this machine",
      { PULUMISCALE_OIDC_ISSUER: "http://issuer.test" },
      "PULUMISCALE_OIDC_ISSUER: it has to be https",
    ],
    ["a port that is none", { PORT: "99999" }, "PORT"],
    ["a base URL that is no URL", { GITHUB_API_URL: "github" }, "GITHUB_API_URL"],
    [
      "a file that is not there",
      { PRIVATE_KEY: "", PRIVATE_KEY_PATH: "/nowhere/key.pem" },
      "PRIVATE_KEY_PATH",
    ],
  ])("refuses %s by name, and never shows a value", (_, wrong, name) => {
    const message = refusal({ ...enough, ...wrong });
    expect(message).toContain(name);
    expect(message).not.toContain("s3cr3t-value");
    expect(message).not.toContain(key.split("\n")[3]);
  });

  it("takes the key from a file, or with its line ends written out", () => {
    const dir = mkdtempSync(join(tmpdir(), "settings-"));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    writeFileSync(join(dir, "key.pem"), key);
    const { PRIVATE_KEY: _, ...rest } = enough;
    expect(readSettings({ ...rest, PRIVATE_KEY_PATH: join(dir, "key.pem") }).privateKey).toBe(key);
    expect(readSettings({ ...enough, PRIVATE_KEY: key.replaceAll("\n", "\\n") }).privateKey).toBe(key);
  });

  it.each([
    "https://sns.internal.test",
    "http://localhost:4566",
    "http://127.0.0.1:4566",
    "http://[::1]:4566",
    "http://localhost.localstack.cloud:4566",
  ])("takes %s as an SNS beside AWS's", (url) => {
    expect(readSettings({ ...enough, AWS_ENDPOINT_URL_SNS: url }).snsEndpoint?.origin).toBe(url);
  });

  it("has no SNS beside AWS's unless told", () => {
    expect(readSettings(enough).snsEndpoint).toBeNull();
  });

  it("reads the default stack, the pause and another GitHub", () => {
    const settings = readSettings({
      ...enough,
      PULUMISCALE_DEFAULT_STACK: "Acme/Infra/shop.prod",
      PULUMISCALE_PAUSED: "1",
      GITHUB_API_URL: "https://github.example.com/api/v3/",
    });
    expect(settings.defaultStack).toEqual({
      id: "acme/infra/shop.prod",
      owner: "Acme",
      repo: "Infra",
      alias: "shop.prod",
    });
    expect(settings.paused).toContain("PULUMISCALE_PAUSED");
    expect(settings.githubApiUrl).toBe("https://github.example.com/api/v3");
  });
});
