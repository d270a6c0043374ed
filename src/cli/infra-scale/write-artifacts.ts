import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

/** What a run leaves on this machine. All paths are absolute. */
export type Artifacts = { folder: string; planFile: string; summaryFile: string };

/** Writes plan and summary into a new folder of that name. Null where the name is taken, by a run at the same moment. */
export async function writeArtifacts(
  workDir: string,
  name: string,
  plan: string,
  summary: string,
): Promise<Artifacts | null> {
  const home = path.resolve(workDir, ".artifacts", "infra-scale");
  await mkdir(home, { recursive: true });
  await writeNew(path.join(home, ".gitignore"), "*\n").catch(ignoreTaken);
  const folder = path.join(home, name);
  const isMade = await mkdir(folder).then(() => true, ignoreTaken);
  if (isMade === null) return null;
  const [planFile, summaryFile] = [path.join(folder, "plan.yaml"), path.join(folder, "SUMMARY.md")];
  await writeNew(planFile, plan);
  await writeNew(summaryFile, summary);
  return { folder, planFile, summaryFile };
}

async function writeNew(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: "wx" });
}

function ignoreTaken(error: unknown): null {
  if (error instanceof Error && "code" in error && error.code === "EEXIST") return null;
  throw error;
}
