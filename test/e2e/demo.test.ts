import { once } from "node:events";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readmeExamples } from "../readme/readme-examples.ts";
import { runCommand } from "../world/run-command.ts";
import { startProcess } from "../world/start-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("the demo", { timeout: 180_000 }, () => {
  it("tells the whole story, stays up with --keep, and leaves nothing behind", async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("pulumiscale-world-"));
    const demo = startProcess(process.execPath, ["test/demo/main.ts", "--keep"], { cwd: ROOT });
    try {
      const line = await demo.waitForLine(/^ {3}try +curl/);
      const story = demo.lines.join("\n");
      for (const part of [
        "An alert fires",
        "opens a pull request",
        "so it merges",
        "targeted up",
        "receipt comes back",
        "[needs-approval]",
        "nothing has moved: 3 worker processes run",
        "Pulumiscale-Approved-By: alice",
      ]) {
        expect(story).toContain(part);
      }
      expect(story).toContain("3 worker processes run now");
      const [, token = "", url = ""] = /Bearer (\S+)" (\S+)/.exec(line) ?? [];
      const pools = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      expect(story).toContain("6 worker processes run now");
      expect(await pools.text()).toContain('"committed":6');
      const curls = readmeExamples().flatMap(({ text }) =>
        text.split("\n").filter((command) => /^curl .*\$URL/.test(command)),
      );
      expect(curls).toHaveLength(4);
      for (const command of curls) {
        const env = { TOKEN: token, URL: url.replace("/pools", "") };
        const answer = JSON.parse(
          await runCommand("sh", ["-c", `${command} --silent --fail-with-body`], { env }),
        );
        expect([command, Array.isArray(answer.results ?? answer.pools ?? answer.history)]).toEqual([
          command,
          true,
        ]);
      }
      demo.child.kill("SIGINT");
      await once(demo.child, "close");
      expect(demo.child.exitCode).toBe(130);
    } finally {
      await demo.kill();
    }
    const after = readdirSync(tmpdir()).filter((name) => name.startsWith("pulumiscale-world-"));
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
  });
});
