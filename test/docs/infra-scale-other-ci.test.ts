import { readFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { startGitHub } from "../github/start-github.ts";
import { inNamespace, sharedCluster, workload } from "../kubernetes/support/detect-world.ts";
import { infraScale, makeFolder, readArtifacts, runProgram } from "../support/infra-scale-world.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const page = readFileSync(new URL("../../docs/infra-scale.md", import.meta.url), "utf8");
const section = /^### From another CI$([\s\S]*?)^## /m.exec(page)?.[1] ?? "";
const COMMANDS = [...section.matchAll(/^ +(?:- |.*\bsh ')(pulumiscale [^'\n]*)/gm)].map(
  ([, command = ""]) => command,
);

it("docs/infra-scale.md shows other CIs how plans are applied, as they are here", async ({ skip }) => {
  const cluster = await sharedCluster(skip);
  const make = await inNamespace(cluster, "default");
  await make("apps/v1", "Deployment", "web", workload("web", 1, {}));
  const cwd = await makeFolder();
  await infraScale(cwd, ["--offline", "--workload=Deployment:web:2"]);
  const github = await startGitHub();
  onTestFinished(() => github.stop());
  github.createUser("acme");
  const ledger = /ledger: [\w-]+/.exec(section)?.[0];
  await github.createRepository({
    owner: "acme",
    name: "infra",
    files: {
      ".github/pulumiscale.yml": `${ledger}\n`,
      "ops/plans/infra-scale/prod/plan.yaml": (await readArtifacts(cwd)).plan,
    },
  });
  const bin = path.join(cwd, "pulumiscale");
  await writeFile(bin, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  await chmod(bin, 0o755);
  const environment = {
    PATH: [cwd, process.env.PATH].join(path.delimiter),
    CI_DEFAULT_BRANCH: "main",
    KUBECONFIG: cluster.kubeconfig,
    GITHUB_TOKEN: github.issueToken({ kind: "user", login: "acme" }),
    GITHUB_API_URL: github.apiUrl,
    GITHUB_REPOSITORY: undefined,
  };
  const ended = [];
  for (const command of COMMANDS) {
    const { code, lines } = await runProgram(["/bin/sh", "-c", command], cwd, environment);
    ended.push([code, lines.at(-1)]);
  }
  expect(ended).toEqual([
    [0, expect.stringMatching(/prod.*applied/)],
    [0, "No plan is due."],
  ]);
  const web = { apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace: "default" };
  await cluster.admin.waitFor(web, z.object({ status: z.object({ readyReplicas: z.literal(2) }) }));
});
