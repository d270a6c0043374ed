import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { infraScale, makeFolder, readArtifacts } from "../support/infra-scale-world.ts";

const ANY = "--workload=Deployment:api:3";

/** The artifacts' folder as a run has named it: its last part is a time. */
const STAMP = /^\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-\d{3}Z$/;

describe("infra.scale in dry run", () => {
  it("writes plan.yaml and SUMMARY.md into a folder of their time, and prints where they are", async () => {
    const cwd = await makeFolder();
    const { code, lines, told } = await infraScale(cwd, [
      "--dry-run",
      "--target=ci",
      "--namespace=test",
      ANY,
    ]);
    const { name, plan, summary } = await readArtifacts(cwd);
    const folder = path.join(cwd, ".artifacts", "infra-scale", name);
    expect(name).toMatch(STAMP);
    expect([code, told]).toEqual([0, ""]);
    expect(lines).toEqual([
      `artifacts_dir=${folder}`,
      `plan_yaml=${folder}/plan.yaml`,
      `summary_md=${folder}/SUMMARY.md`,
      "succeeded",
    ]);
    expect((await readdir(folder)).sort()).toEqual(["SUMMARY.md", "plan.yaml"]);
    expect(plan).toMatch(/^apiVersion: infra\.scale\/v1\nkind: ScalePlan\n/);
    expect(summary).toMatch(/^# Infra Scale Plan \(ci\)\n/);
    // The folder is called by the plan's own time.
    expect(plan).toContain(
      `createdAt: ${name.replace(/^(.{10})-(..)-(..)-(..)-(...)Z$/, "$1T$2:$3:$4.$5Z")}`,
    );
  });

  it("is what it does unless told otherwise, even with credentials", async () => {
    const credentials = {
      GH_OWNER: "acme",
      GH_REPO: "infra",
      GITHUB_TOKEN: "ghp_x",
      GITHUB_API_URL: "http://127.0.0.1:9",
    };
    const { code, lines } = await infraScale(await makeFolder(), [ANY], credentials);
    expect([code, lines.at(-1)]).toEqual([0, "succeeded"]);
  });

  it("keeps what it writes out of git, and out of the way of another run", async () => {
    const cwd = await makeFolder();
    const runs = await Promise.all([1, 2, 3].map(() => infraScale(cwd, [ANY])));
    expect(new Set(runs.map(({ lines }) => lines[0])).size).toBe(3);
    const home = path.join(cwd, ".artifacts", "infra-scale");
    expect((await readdir(home)).length).toBe(4);
    expect(await readFile(path.join(home, ".gitignore"), "utf8")).toBe("*\n");
  });

  it("fails with a sentence, a last line `failed` and exit code 1, and writes nothing", async () => {
    const cwd = await makeFolder();
    const { code, lines, told } = await infraScale(cwd, ["--workload=Deployment:web:six"]);
    expect([code, lines]).toEqual([1, ["failed"]]);
    expect(told).toMatch(/^--workload=Deployment:web:six: expected --workload=<Kind>:<name>:<replicas>/);
    expect(await readdir(cwd)).toEqual([]);
    const none = await infraScale(cwd, ["--target=prod"]);
    expect([none.code, none.lines, none.told]).toEqual([
      1,
      ["failed"],
      expect.stringMatching(/^No workloads specified/),
    ]);
  });

  it("fails so too where it cannot write", async () => {
    const cwd = await makeFolder();
    await writeFile(path.join(cwd, ".artifacts"), "a file");
    const { code, lines, told } = await infraScale(cwd, [ANY]);
    expect([code, lines, told]).toEqual([1, ["failed"], expect.stringContaining(".artifacts")]);
  });

  it("prints all of its arguments for --help", async () => {
    const { code, lines } = await infraScale(await makeFolder(), ["--help"]);
    const text = lines.join("\n");
    for (const name of [
      "dry-run",
      "apply",
      "target",
      "namespace",
      "autoscaling",
      "branch",
      "workload",
      "req",
      "lim",
      "hpa",
      "vpa",
    ])
      expect(text).toContain(`  --${name}`);
    expect(code).toBe(0);
  });
});

describe("the context of a plan", () => {
  const contextOf = async (cwd: string, environment: Record<string, string> = {}) => {
    const folder = await makeFolder();
    await infraScale(folder, [ANY], { HOME: cwd, ...environment });
    const { plan, summary } = await readArtifacts(folder);
    return [/kubeContext: (.*)/.exec(plan)?.[1], /- Context: (.*)/.exec(summary)?.[1]];
  };

  it("is the kubeconfig's current one, without kubectl", async () => {
    const cwd = await makeFolder();
    await mkdir(path.join(cwd, ".kube"));
    await writeFile(
      path.join(cwd, ".kube", "config"),
      "apiVersion: v1\nkind: Config\ncurrent-context: minikube\n",
    );
    expect(await contextOf(cwd)).toEqual(["minikube", "`minikube`"]);
    const files = [path.join(cwd, "none"), path.join(cwd, "empty"), path.join(cwd, "json")];
    await writeFile(path.join(cwd, "empty"), 'current-context: ""\n');
    await writeFile(path.join(cwd, "json"), JSON.stringify({ "current-context": "a`b\n# c" }));
    const KUBECONFIG = files.join(path.delimiter);
    expect(await contextOf(cwd, { KUBECONFIG })).toEqual([expect.stringMatching(/^["|]/), "`a'b # c`"]);
  });

  it("is null where there is none, or none that can be read", async () => {
    const cwd = await makeFolder();
    expect(await contextOf(cwd)).toEqual(["null", "`none`"]);
    await writeFile(path.join(cwd, "bad"), "current-context: [\n");
    expect(await contextOf(cwd, { KUBECONFIG: path.join(cwd, "bad") })).toEqual(["null", "`none`"]);
    expect(await contextOf(cwd, { KUBECONFIG: cwd })).toEqual(["null", "`none`"]);
  });
});
