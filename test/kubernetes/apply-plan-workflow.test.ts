import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { planPath, receiptPath } from "../../src/kubernetes/apply/plan-place.ts";
import { parseReceipt } from "../../src/kubernetes/apply/plan-receipt.ts";
import { renderPlanFile } from "../../src/kubernetes/plan-file.ts";
import { startRunnerWorld } from "../actions/support/runner-world.ts";
import { startOidcIssuer } from "../oidc/start-oidc-issuer.ts";
import { requireProgram } from "../setup/require-program.ts";
import { makePlansAction, PLANS_WORKFLOW } from "./support/make-plans-action.ts";
import { openCluster } from "./support/open-cluster.ts";
import { planOf, scaleTo, workload } from "./support/plan-world.ts";

test("the page's workflow applies a merged plan, and signs the receipt", { timeout: 120_000 }, async ({
  skip,
}) => {
  const apiServer = requireProgram("kube-apiserver", skip);
  const cluster = await openCluster(apiServer);
  onTestFinished(() => cluster.stop());
  await cluster.addNode({ name: "node-1", cpu: "4", memory: "8Gi" });
  await cluster.admin.apply(workload("Deployment", "web", { replicas: 1 }));
  const rule = (apiGroup: string, resources: string[], verbs: string[]) => ({
    apiGroups: [apiGroup],
    resources,
    verbs,
  });
  // What the page asks for, and no more.
  await cluster.addUser("deployer", [
    rule("apps", ["deployments", "deployments/scale"], ["get", "patch"]),
    rule("apps", ["replicasets"], ["list"]),
    rule("", ["pods", "events"], ["list"]),
  ]);
  const issuer = await startOidcIssuer();
  onTestFinished(() => issuer.stop());
  await using world = await startRunnerWorld({
    oidc: issuer,
    actions: { "pulumiscale/pulumiscale": await makePlansAction() },
    env: { PULUMISCALE_OIDC_ISSUER: issuer.url },
    secrets: { KUBECONFIG: readFileSync(cluster.kubeconfig, "utf8") },
  });
  const { github, runner } = world;
  await world.seed("on: workflow_dispatch\njobs: { none: { runs-on: x, steps: [{ run: 'true' }] } }\n", {
    ".github/workflows/plans.yml": PLANS_WORKFLOW,
  });
  expect(runner.runs).toEqual([]);
  const plan = planOf([scaleTo("web", 3)], { context: { kubeContext: "deployer", namespace: "default" } });
  const files = { [planPath("prod")]: renderPlanFile(plan) };
  await github.commit("octo/infra", { branch: "main", message: "a plan", login: "octo", files });
  await runner.waitForIdle();
  const [run] = runner.runs;
  expect(run?.conclusion, run?.log).toBe("success");
  expect(run?.log).toContain("Deployment/web: 3 of 3 ready.");
  const receipt = parseReceipt(
    (await github.readFile("octo/infra", receiptPath("prod"), "pulumiscale")) ?? "",
  );
  expect(receipt).toMatchObject({
    outcome: "applied",
    runUrl: expect.stringContaining("/octo/infra/actions/runs/"),
    attestation: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    actions: [{ kubeContext: "deployer", before: { replicas: 1 }, after: { replicas: 3 } }],
  });
  const web = { apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace: "default" };
  await cluster.admin.waitFor(web, z.object({ status: z.object({ readyReplicas: z.literal(3) }) }));
  const token = /token: (\S+)/.exec(readFileSync(cluster.kubeconfig, "utf8"))?.[1] ?? "no token";
  expect(run?.log).not.toContain(token);
  expect(github.violations).toEqual([]);
});
