import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { packTree } from "../package/pack-tree.ts";
import { interleave, ratioOf } from "./interleave.ts";
import { atMost, type Measurement } from "./measurement.ts";

const ARGS = [
  ...["--dry-run", "--target=prod", "--namespace=assistant", "--workload=Deployment:web:6"],
  ...["--req=web:cpu=500m,mem=1Gi", "--lim=web:cpu=1,mem=2Gi", "--hpa=min:4,max:12,cpu:65"],
];

/** What a plan costs on this machine: the packed bin from its start to its end, against Node that does nothing. */
export const infraScaleStart: Measurement = {
  name: "infra-scale",
  about: "a dry run of infra.scale against the bare start of Node",
  measure: async (pace) => {
    const packed = await packTree();
    const cwd = await mkdtemp(path.join(tmpdir(), "infra-scale-bench-"));
    try {
      const bin = path.join(packed.root, "dist/infra.scale.js");
      const pairs = await interleave(
        () => time([bin, ...ARGS], cwd),
        () => time(["-e", "0"], cwd),
        pace === "quick" ? 3 : 40,
      );
      const ratio = ratioOf(pairs, (milliseconds) => milliseconds);
      return [{ name: "infra.scale, dry run", against: "a bare start of Node", ...ratio, aim: atMost(3) }];
    } finally {
      await rm(cwd, { recursive: true, force: true });
      await packed.remove();
    }
  },
};

/** Runs Node to its end; answers the milliseconds. */
async function time(args: readonly string[], cwd: string): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { cwd, stdio: "ignore" });
  const [code]: unknown[] = await once(child, "close");
  if (code !== 0) throw new Error(`It has ended with ${code}: ${args.join(" ")}`);
  return performance.now() - startedAt;
}
