import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { InputError, readInputs } from "../../action/inputs.ts";

// action.yml and the code must say the same.

const root = fileURLToPath(new URL("../../action", import.meta.url));
const Manifest = z.object({
  inputs: z.record(z.string(), z.object({ description: z.string(), default: z.string() })),
  outputs: z.record(z.string(), z.object({ description: z.string() })),
  runs: z.object({ using: z.literal("node24"), main: z.literal("dist/index.js") }),
});
const manifest = Manifest.parse(parse(readFileSync(`${root}/action.yml`, "utf8")));

const runner = {
  GITHUB_REPOSITORY: "acme/infra",
  GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567",
  GITHUB_EVENT_NAME: "schedule",
  GITHUB_REF: "refs/heads/main",
};

/** As the runner passes them: every input of the manifest, with its default unless given. */
function given(inputs: Record<string, string>): Record<string, string> {
  const all = Object.entries(manifest.inputs).map(([name, { default: value }]) => [
    `INPUT_${name.toUpperCase()}`,
    inputs[name] ?? (value.startsWith("$") ? "ghs_token" : value),
  ]);
  return { ...runner, ...Object.fromEntries(all) };
}

it("the defaults of action.yml are inputs that the code takes", () => {
  const inputs = readInputs(given({ "stack-name": "acme/shop/prod" }));
  expect(inputs).toMatchObject({
    command: "apply",
    branch: "main",
    token: "ghs_token",
    job: {
      repository: { owner: "acme", repo: "infra", baseBranch: "main" },
      stackName: "acme/shop/prod",
      alias: null,
      trigger: { kind: "other" },
      cloudUrl: null,
      refresh: false,
      policyPacks: [],
      parallel: undefined,
      unexpectedChanges: "refuse",
    },
    plans: { target: null, kubeContext: null, timeoutSeconds: 600, onConflict: "refuse", kubeconfig: [] },
  });
});

it("every input of action.yml reaches the code, and the code knows no other", () => {
  const inputs = readInputs(
    given({
      command: "preview",
      "stack-name": "prod",
      "work-dir": "infra/shop",
      alias: "shop",
      "cloud-url": "s3://states",
      refresh: "true",
      "policy-packs": "policies/a\npolicies/b, policies/c",
      parallel: "4",
      "allow-unexpected": "true",
      target: "staging",
      "kube-context": "staging-eu",
      timeout: "90",
      "force-conflicts": "true",
      "base-branch": "live",
      "github-token": "ghs_other",
    }),
  );
  expect(inputs).toMatchObject({
    command: "preview",
    token: "ghs_other",
    job: {
      repository: { baseBranch: "live" },
      workDir: "infra/shop",
      stackName: "prod",
      alias: "shop",
      cloudUrl: "s3://states",
      refresh: true,
      policyPacks: ["policies/a", "policies/b", "policies/c"],
      parallel: 4,
      unexpectedChanges: "allow",
    },
    plans: { target: "staging", kubeContext: "staging-eu", timeoutSeconds: 90, onConflict: "take-over" },
  });
  const source = readFileSync(`${root}/inputs.ts`, "utf8");
  const schema = /const Given = z\.object\(\{(.*?)\n\}\);/s.exec(source)?.[1] ?? "";
  const known = [...schema.matchAll(/^ {2}"?([a-z-]+)"?:/gm)].map(([, name]) => name);
  expect(known.sort()).toEqual(Object.keys(manifest.inputs).sort());
});

it("every output of action.yml is set by the code, and no other", () => {
  const source = readFileSync(`${root}/run-command.ts`, "utf8");
  const set = new Set([...source.matchAll(/setOutput\("([a-z-]+)"/g)].map(([, name]) => name));
  expect([...set].sort()).toEqual(Object.keys(manifest.outputs).sort());
});

it.each([
  [{ command: "destroy" }, /command .*apply, publish, preview, pending or apply-plan/],
  [{ refresh: "yes" }, /refresh .*true or false/],
  [{ parallel: "0" }, /parallel .*number from 1/],
  [{ timeout: "0" }, /timeout .*seconds from 1/],
  [{ "force-conflicts": "yes" }, /force-conflicts .*true or false/],
  [{ alias: "../x" }, /alias/],
  [{ "github-token": "" }, /github-token .*empty/],
  [{ "stack-name": "" }, /stack-name is empty/],
])("%o is refused with a sentence", (inputs, sentence) => {
  const environment = given({ "stack-name": "prod", ...inputs });
  if ("github-token" in inputs) environment["INPUT_GITHUB-TOKEN"] = "";
  expect(() => readInputs(environment)).toThrow(InputError);
  expect(() => readInputs(environment)).toThrow(sentence);
});

it("apply-plan needs no stack, and finds the kubeconfig as kubectl does", () => {
  const inputs = (environment: Record<string, string>) =>
    readInputs({ ...given({ command: "apply-plan" }), ...environment }).plans.kubeconfig;
  expect(inputs({ HOME: "/home/ada" })).toEqual(["/home/ada/.kube/config"]);
  expect(inputs({ HOME: "/home/ada", KUBECONFIG: ":/a:/b" })).toEqual(["/a", "/b"]);
});

it("secrets of the job's environment are known, paths and addresses are not taken for them", () => {
  const { secrets } = readInputs({
    ...given({ "stack-name": "prod" }),
    AWS_SECRET_ACCESS_KEY: "aws-secret-value",
    PULUMI_CONFIG_PASSPHRASE: "the passphrase",
    PULUMI_CONFIG_PASSPHRASE_FILE: "/etc/passphrase",
    ACTIONS_ID_TOKEN_REQUEST_URL: "https://example.com",
  });
  expect(secrets.sort()).toEqual(["aws-secret-value", "ghs_token", "the passphrase"]);
});
