import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HistoryAnswer } from "../../src/http/answers.ts";
import { requireProgram } from "../setup/require-program.ts";
import { askToScale, readOperation, readPool, scaleToEnd } from "./support/ask-serve.ts";
import { openProgram } from "./support/open-program.ts";
import { type Program, runCommandLine } from "./support/program.ts";
import { type Serve, startServe } from "./support/start-serve.ts";

const FOLDER = "infra/pace";

/** How the stack's file gets another path, with what the repository file says of it then. */
const MOVES = {
  "another folder": {
    folder: "apps/pace",
    settings: "store: { dir: apps/pace, stack: dev, formerAliases: [pace.dev] }",
    move: async ({ git, repository }: Program) => {
      mkdirSync(join(repository, "apps"));
      await git("mv", FOLDER, "apps/pace");
    },
  },
  "another folder, and is called as before": {
    folder: "apps/pace",
    settings: "pace.dev: { dir: apps/pace, stack: dev }",
    move: async ({ git, repository }: Program) => {
      mkdirSync(join(repository, "apps"));
      await git("mv", FOLDER, "apps/pace");
    },
  },
  "another stack name": {
    folder: FOLDER,
    settings: "pace.live: { formerAliases: [pace.dev] }",
    move: async ({ git, pulumi }: Program) => {
      await pulumi("stack", "rename", "live", "--stack", "dev");
      await git("commit", "--quiet", "--all", "--message", "away");
      // The state names its targets by the stack's name, and the program's outputs do so after the next update.
      await pulumi("up", "--yes", "--skip-preview", "--stack", "live");
    },
  },
};

/** One after the other: a stack that was scaled, and whose file is moved then. */
describe.each(Object.entries(MOVES))(
  "a stack whose file has moved to %s",
  { timeout: 120_000 },
  (_, moved) => {
    let program: Program;
    let serve: Serve;
    let first: string;
    const historyOf = async (pool: string) => {
      const { json } = await serve.request("GET", `/pools/${pool}/history`);
      return HistoryAnswer.parse(json).history;
    };

    beforeAll(async () => {
      requireProgram("pulumi", (why) => {
        throw new Error(why);
      });
      program = await openProgram({ program: "yaml-pace", folder: FOLDER });
      const project = join(program.workDir, "Pulumi.yaml");
      writeFileSync(project, readFileSync(project, "utf8").replaceAll("cooldown: 0", "cooldown: 3600"));
      await program.git("commit", "--quiet", "--all", "--message", "an hour of cooldown");
      await program.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
      serve = await startServe(program);
      first = (await scaleToEnd(serve, "/scale/steady", { value: 4 })).operation.commit;
      await scaleToEnd(serve, "/scale/fragile", { value: 5 });
      await serve.stop();
      await moved.move(program);
      const file = join(program.repository, ".github/pulumiscale.yml");
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `stacks:\n  ${moved.settings}\n`);
      await program.git("add", "--all");
      await program.git("commit", "--quiet", "--message", "move the stack");
      serve = await startServe({ ...program, workDir: join(program.repository, moved.folder) });
    }, 120_000);
    afterAll(async () => {
      await serve?.stop();
      await program?.remove();
    }, 60_000);

    test("keeps its history, and the move is none of its changes", async () => {
      const history = await historyOf("steady");
      expect(history.filter(({ from }) => from !== null)).toMatchObject([
        { commit: first, from: 1, to: 4, by: "scale" },
      ]);
      expect(await historyOf("fragile")).toMatchObject([
        { from: 3, to: 5 },
        { from: null, to: 3 },
      ]);
    });

    test("knows what is applied, and what became of a commit from before", async () => {
      expect(await readPool(serve, "steady")).toMatchObject({ committed: 4, applied: 4 });
      expect(await readOperation(serve, first)).toMatchObject({ status: "applied" });
    });

    test("is told by the command line", async () => {
      const cwd = join(program.repository, moved.folder);
      const { stdout } = await runCommandLine(["history", "steady", "--json"], {
        cwd,
        env: program.environment,
      });
      expect(HistoryAnswer.parse(JSON.parse(stdout)).history.map(({ commit }) => commit)).toContain(first);
    });

    test("stays in its cooldown, and scales on", async () => {
      const held = await askToScale(serve, "/scale/steady", { value: 2 });
      expect(held).toMatchObject({ kind: "hold", reasons: [{ code: "cooldown" }] });
      const { operation } = await scaleToEnd(serve, "/scale/slow", { delta: 1 });
      expect(operation.status).toBe("applied");
    });
  },
);
