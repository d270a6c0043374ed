import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/** A PATH on which every start of some programs is written down. */
export type CountingPath = {
  readonly PATH: string;
  /** What was started since the last call, each with its first words: `git rev-parse`, `pulumi up`. */
  readonly take: () => Promise<string[]>;
};

/** Puts wrappers of the programs before `path`, in a folder below `root`. They cost a shell each: nothing is timed with them. */
export async function openCountingPath(
  root: string,
  path: string,
  programs: readonly string[],
): Promise<CountingPath> {
  const folder = join(root, "counting");
  const log = join(root, "counting.log");
  await mkdir(folder);
  await writeFile(log, "");
  for (const program of programs) {
    const { stdout } = await promisify(execFile)("which", [program], { env: { PATH: path } });
    const script = `#!/bin/sh\nprintf '%s\\n' "${program} $*" >> '${log}'\nexec '${stdout.trim()}' "$@"\n`;
    await writeFile(join(folder, program), script, { mode: 0o755 });
  }
  let taken = 0;
  return {
    PATH: [folder, path].join(delimiter),
    take: async () => {
      const lines = (await readFile(log, "utf8")).split("\n").filter((line) => /^(git|pulumi) /.test(line));
      const news = lines.slice(taken);
      taken = lines.length;
      return news.map(shorten);
    },
  };
}

/** The program and its command, without options before it. */
function shorten(line: string): string {
  const words = line.split(" ");
  const [program = ""] = words;
  const command = words.slice(1).filter((word, at) => !word.startsWith("-") && words[at] !== "-c");
  return [program, ...command.slice(0, program === "pulumi" && command[0] === "stack" ? 2 : 1)].join(" ");
}
