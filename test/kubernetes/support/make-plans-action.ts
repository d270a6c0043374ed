import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { readmeFile } from "../../readme/readme-examples.ts";
import { bundleAction } from "../../setup/bundle-action.ts";

/** The workflow that applies merged plans, as the page has it. */
export const PLANS_WORKFLOW = readmeFile(".github/workflows/plans.yml", "docs/infra-scale.md");

const action = fileURLToPath(new URL("../../../action", import.meta.url));

/** The Action of these sources, as the runner takes it: nothing beside its bundle. */
export async function makePlansAction(): Promise<string> {
  const root = mkdtempSync(path.join(tmpdir(), "plans-action-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const dist = path.join(root, "action", "dist");
  mkdirSync(dist, { recursive: true });
  writeFileSync(path.join(root, "package.json"), '{ "type": "module" }\n');
  cpSync(path.join(action, "action.yml"), path.join(root, "action", "action.yml"));
  for (const [name, contents] of await bundleAction(path.join(action, "main.ts"), dist))
    writeFileSync(path.join(dist, name), contents);
  return root;
}
