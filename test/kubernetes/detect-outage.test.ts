import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { infraScale, makeFolder, readArtifacts } from "../support/infra-scale-world.ts";
import { sharedCluster } from "./support/detect-world.ts";
import { writeKubeconfig } from "./support/write-kubeconfig.ts";

const GONE =
  "Nothing could be checked. The cluster of the context `gone'<b>` cannot be reached at 127.0.0.1:1 (ECONNREFUSED). The plan is made as without a cluster.";
const WEB = "--workload=Deployment:web:3";

async function withoutCluster() {
  const cwd = await makeFolder();
  const [certificate, file] = [path.join(cwd, "ca.crt"), path.join(cwd, "config")];
  writeFileSync(certificate, "");
  const token = "not-the-token-of-anybody";
  const gone = { name: "gone`<b>", server: "https://127.0.0.1:1", certificate, token, namespace: "default" };
  writeKubeconfig(file, [gone]);
  return { cwd, file, gone };
}

it("plans as without a cluster where it does not answer, says so, and fails so with --strict", async () => {
  const { cwd, file } = await withoutCluster();
  const ended = await infraScale(cwd, [WEB], { KUBECONFIG: file });
  expect([ended.code, ended.lines.at(-1), ended.told]).toEqual([0, "succeeded", `${GONE}\n`]);
  const { plan, summary } = await readArtifacts(cwd);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: so it stands in the file.
  expect(plan).toContain('from: "${detect}"');
  expect(plan).toMatch(/\nfindings:\n {2}- kind: risk\n {4}code: not-checked\n {4}subject: gone`<b>\n/);
  expect(summary).toContain(`\n## Risks\n\n- ${GONE}\n`);
  const strict = await infraScale(cwd, [WEB, "--strict"], { KUBECONFIG: file });
  expect([strict.code, strict.lines.at(-1), strict.told]).toEqual([
    1,
    "failed",
    `The plan is not proposed, since --strict takes no risk and there are 1:\n- not-checked: ${GONE}\n`,
  ]);
  const offline = await infraScale(cwd, [WEB, "--offline"], { KUBECONFIG: file });
  expect([offline.lines.at(-1), offline.told]).toEqual(["succeeded", ""]);
});

it("plans so too where who asks cannot sign in", async () => {
  const { cwd, file } = await withoutCluster();
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "/nowhere/sign-in" };
  const text = readFileSync(file, "utf8").replace(/^ +token: .*$/m, `      exec: ${JSON.stringify(exec)}`);
  writeFileSync(file, text);
  const ended = await infraScale(cwd, [WEB], { KUBECONFIG: file });
  expect([ended.code, ended.lines.at(-1), ended.told]).toEqual([
    0,
    "succeeded",
    expect.stringMatching(/^Nothing could be checked\. The kubeconfig's way to sign in .* does not work/),
  ]);
});

it("asks the clusters that answer where another one does not", async ({ skip }) => {
  const cluster = await sharedCluster(skip);
  const { cwd, file, gone } = await withoutCluster();
  writeKubeconfig(file, [...cluster.contexts(), gone]);
  const args = [WEB, "--context=gone`<b>", "--context=admin"];
  const ended = await infraScale(cwd, args, { KUBECONFIG: file });
  const { plan } = await readArtifacts(cwd);
  expect([ended.code, ended.lines.at(-1), ended.told]).toEqual([0, "succeeded", `${GONE}\n`]);
  expect(plan).toContain(`  - "In \`gone'<b>\`: ${GONE}"\n`);
  expect(plan).toContain('  - "In `admin`: There is no Deployment/web in the namespace default ');
});

it("plans so too where the cluster does not know who asks", async ({ skip }) => {
  const cluster = await sharedCluster(skip);
  const { cwd, file, gone } = await withoutCluster();
  const [admin = gone] = cluster.contexts();
  writeKubeconfig(file, [{ ...admin, token: "expired" }]);
  const ended = await infraScale(cwd, [WEB], { KUBECONFIG: file });
  expect([ended.code, ended.lines.at(-1), ended.told]).toEqual([
    0,
    "succeeded",
    expect.stringMatching(
      /^Nothing could be checked\. The cluster of the context `admin` does not know who asks/,
    ),
  ]);
});

it("fails where there is no such context, or none at all that --strict could ask", async () => {
  const { cwd, file } = await withoutCluster();
  const named = await infraScale(cwd, [WEB, "--context=other"], { KUBECONFIG: file });
  expect([named.lines, named.told]).toEqual([
    ["failed"],
    "The kubeconfig has no context `other`; it has `gone'<b>`.\n",
  ]);
  const none = await infraScale(cwd, [WEB, "--strict"]);
  expect([none.lines, none.told]).toEqual([
    ["failed"],
    expect.stringMatching(
      /^There is no cluster to ask: `\/.*\.kube\/config` is not there, or names no current/,
    ),
  ]);
  const missing = await infraScale(cwd, [WEB, "--kubeconfig=nowhere"], { KUBECONFIG: file });
  expect([missing.lines, missing.told]).toEqual([
    ["failed"],
    expect.stringMatching(/^There is no cluster to ask: `nowhere` is not there, or /),
  ]);
});
