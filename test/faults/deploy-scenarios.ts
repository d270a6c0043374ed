import type { DeployWorld } from "./deploy-case.ts";

/** What a job runs, in this process. Answers what became of it. */
export type DeployScenario = {
  name: string;
  command: "apply" | "publish";
  /** Brings the repository to where the job starts; answers the head before the push. */
  prepare: (world: DeployWorld) => Promise<string>;
  /** The job of the push with `before`, or a later one. */
  run: (world: DeployWorld, before: string | null) => Promise<string>;
  /** What a run answers that has done it. */
  done: string;
  ends: readonly string[];
};

export const DEPLOY_SCENARIOS: readonly DeployScenario[] = [
  {
    name: "the Action applies a scale commit",
    command: "apply",
    prepare: (world) => world.scale(),
    run: async ({ repository, forge }, before) => {
      const trigger = before === null ? ({ kind: "other" } as const) : ({ kind: "push", before } as const);
      const result = await repository.apply(trigger, { forge });
      if (result.kind !== "done") return result.kind;
      return [result.receipt.outcome, ...result.problems.map(() => "and a problem")].join(" ");
    },
    done: "applied",
    ends: ["the resource is as committed, the ledger says so, updated 1 ×, no lock"],
  },
  {
    name: "the Action publishes after a full up",
    command: "publish",
    prepare: async (world) => {
      await world.changeCode();
      return "";
    },
    run: async ({ repository, forge }) => {
      const { deployed } = await repository.publish({ forge });
      const head = await repository.github.readRef("acme/infra", "main");
      return deployed === head ? "published" : `published ${deployed}`;
    },
    done: "published",
    ends: ["the resource is as committed, the ledger says so, updated 0 ×, no lock"],
  },
];
