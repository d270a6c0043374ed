import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { ApplyForge } from "../../src/apply/apply-forge.ts";
import { createApplyForge } from "../../src/forge/github-apply-client.ts";
import { type DeployRepository, makeDeployRepository, REPO } from "../apply/support/deploy-repository.ts";

/** GitHub is given so long for one call of a deploy job, in milliseconds. */
const CALL_TIMEOUT_MS = 3_000;
const VALUES = { "shop:webCount": 3, "shop:queueCount": 5, "shop:idleCount": 1 };

/** A repository with a real stack behind it, for one case after the other. */
export type DeployWorld = {
  readonly repository: DeployRepository;
  readonly token: string;
  /** The deploy job's GitHub. */
  readonly forge: ApplyForge;
  /** The value that the base branch has committed. */
  committed: () => number;
  /** A scale commit of the pool `web` by one, checked out. Answers the head before it. */
  scale: () => Promise<string>;
  /** A change of the code, checked out. */
  changeCode: () => Promise<void>;
  checkoutHead: () => Promise<void>;
  /** How often the engine has changed a resource of the stack, in updates that it recorded. */
  countUpdates: () => Promise<number>;
  /** Where stack and ledger stand, in one sentence. */
  readEnd: (updatesBefore: number) => Promise<string>;
};

export async function openDeployWorld(): Promise<DeployWorld> {
  const repository = await makeDeployRepository("yaml-stash", VALUES);
  const { github, stack } = repository;
  const token = github.issueToken({
    kind: "workflow",
    repo: REPO,
    permissions: { contents: "write", checks: "write", metadata: "read" },
  });
  let committed = VALUES["shop:webCount"];
  let codes = 0;
  const head = async () => (await github.readRef(REPO, "main")) ?? "";
  const checkoutHead = async () => repository.checkout(await head());
  const countUpdates = () => countRecordedUpdates(stack.environment.PULUMI_BACKEND_URL ?? "", stack.project);
  return {
    repository,
    token,
    forge: createApplyForge(token, github.apiUrl, () => {}, CALL_TIMEOUT_MS),
    committed: () => committed,
    scale: async () => {
      const before = await head();
      const next = committed === 3 ? 4 : 3;
      await repository.scale("web", "shop:webCount", committed, next);
      committed = next;
      await checkoutHead();
      return before;
    },
    changeCode: async () => {
      codes += 1;
      await repository.push({ "deploy/notes.txt": `${codes}\n` });
      await checkoutHead();
    },
    checkoutHead,
    countUpdates,
    readEnd: async (updatesBefore) => {
      const entry = await repository.entry();
      const inputs = await stack.inputsOf("web");
      const updates = (await countUpdates()) - updatesBefore;
      return [
        `the resource is ${inputs?.input === committed ? "as committed" : `at ${inputs?.input}, committed ${committed}`}`,
        `the ledger ${entry.applied.web === committed ? "says so" : `says ${entry.applied.web}`}`,
        `updated ${updates} ×`,
        (await stack.isLocked()) ? "LOCKED" : "no lock",
      ].join(", ");
    },
  };
}

const History = z.object({ resourceChanges: z.record(z.string(), z.number()).optional() });

async function countRecordedUpdates(backendUrl: string, project: string): Promise<number> {
  const folder = join(backendUrl.replace(/^file:\/\//, ""), ".pulumi", "history", project, "dev");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".history.json"));
  const changes = await Promise.all(
    names.map(async (name) => History.parse(JSON.parse(await readFile(join(folder, name), "utf8")))),
  );
  return changes.reduce((sum, { resourceChanges }) => sum + (resourceChanges?.update ?? 0), 0);
}
