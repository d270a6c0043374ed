import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { infraScale, makeFolder } from "../support/infra-scale-world.ts";
import { writeKubeconfig } from "./support/write-kubeconfig.ts";

it("fails where its cluster does not answer, and says how to do without", async () => {
  const cwd = await makeFolder();
  const [certificate, file] = [path.join(cwd, "ca.crt"), path.join(cwd, "config")];
  writeFileSync(certificate, "");
  const token = "not-the-token-of-anybody";
  writeKubeconfig(file, [
    { name: "gone`<b>", server: "https://127.0.0.1:1", certificate, token, namespace: "default" },
  ]);
  const ended = await infraScale(cwd, ["--workload=Deployment:web:3"], { KUBECONFIG: file });
  expect([ended.code, ended.lines]).toEqual([1, ["failed"]]);
  expect(ended.told).toBe(
    "The cluster of the context `gone'<b>` cannot be reached at 127.0.0.1:1 (ECONNREFUSED). Give --offline for a plan without a cluster.\n",
  );
  const named = await infraScale(cwd, ["--workload=Deployment:web:3", "--context=other"], {
    KUBECONFIG: file,
  });
  expect([named.lines, named.told]).toEqual([
    ["failed"],
    "The kubeconfig has no context `other`; it has `gone'<b>`.\n",
  ]);
  const none = await infraScale(cwd, ["--workload=Deployment:web:3", "--strict"]);
  expect([none.lines, none.told]).toEqual([
    ["failed"],
    expect.stringMatching(/^There is no cluster to ask: /),
  ]);
  const offline = await infraScale(cwd, ["--workload=Deployment:web:3", "--offline"], { KUBECONFIG: file });
  expect([offline.lines.at(-1), offline.told]).toEqual(["succeeded", ""]);
});
