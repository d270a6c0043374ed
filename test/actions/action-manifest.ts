import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { Step } from "./workflow.ts";

const Input = z
  .looseObject({ default: z.union([z.string(), z.number(), z.boolean()]).transform(String).optional() })
  .nullable();

const NodeRuns = z.looseObject({
  using: z.enum(["node20", "node24"]),
  main: z.string(),
  pre: z.string().optional(),
  "pre-if": z.string().default("always()"),
  post: z.string().optional(),
  "post-if": z.string().default("always()"),
});
const CompositeRuns = z.strictObject({ using: z.literal("composite"), steps: z.array(Step) });

const ActionManifest = z.looseObject({
  name: z.string(),
  inputs: z.record(z.string(), Input).default({}),
  outputs: z.record(z.string(), z.looseObject({ value: z.string().optional() })).default({}),
  runs: z.discriminatedUnion("using", [NodeRuns, CompositeRuns]),
});
export type ActionManifest = z.infer<typeof ActionManifest>;

/** Reads `action.yml` (or `action.yaml`) of an action. Throws for one that this runner cannot run. */
export async function readActionManifest(folder: string): Promise<ActionManifest> {
  const path = [join(folder, "action.yml"), join(folder, "action.yaml")].find((file) => existsSync(file));
  if (path === undefined) throw new Error(`Can't find 'action.yml' or 'action.yaml' under '${folder}'.`);
  const manifest = ActionManifest.safeParse(parse(await readFile(path, "utf8")));
  if (!manifest.success) throw new Error(`${path}: ${z.prettifyError(manifest.error)}`);
  return manifest.data;
}
