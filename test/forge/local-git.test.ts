import { beforeEach, describe, expect, it } from "vitest";

import { requireProgram } from "../setup/require-program.ts";
import { createLocalWorld, STACK_TEXT, scale } from "./support-local-repository.ts";

beforeEach(({ skip }) => {
  requireProgram("git", skip);
});

const at = (web: number | string, worker: number | string = 5) =>
  STACK_TEXT.replace("web: 3", `web: ${web}`).replace("'5'", `'${worker}'`);

describe("a commit", () => {
  it("changes the value in the branch, the index and the work tree, and nothing else", async () => {
    const world = await createLocalWorld();
    const oid = await scale(world, { web: 4 });
    expect(world.git("rev-parse", "main", "HEAD").split("\n")).toEqual([oid, oid]);
    expect(world.git("diff", "--numstat", "HEAD^", "HEAD")).toBe(`1\t1\t${world.path}`);
    expect(world.git("show", `HEAD:${world.path}`)).toBe(at(4).trimEnd());
    expect(world.read(world.path)).toBe(at(4));
    expect(world.git("status", "--porcelain")).toBe("");
    expect(world.git("log", "-1", "--format=%an <%ae>|%s")).toBe(
      "Ada <ada@example.com>|scale(shop.prod): web 3 → 4",
    );
    expect(world.git("reflog", "-1", "--format=%gs", "main")).toBe("commit: scale(shop.prod): web 3 → 4");
    expect(world.git("fsck", "--strict")).toBe("");
  });

  it("leaves what others have staged, edited or not added yet", async () => {
    const world = await createLocalWorld();
    world.write("staged.txt", "staged\n");
    world.write("README.md", "# staged\n");
    world.git("add", "staged.txt", "README.md");
    world.write("README.md", "# edited\n");
    world.write("untracked.txt", "untracked\n");
    const before = world.git("status", "--porcelain");
    await scale(world, { web: 4 });
    expect(world.git("status", "--porcelain")).toBe(before);
    expect(world.git("show", ":README.md")).toBe("# staged");
    expect(world.git("diff", "--name-only", "HEAD^", "HEAD")).toBe(world.path);
  });

  it("keeps other edits of the stack file, staged and not", async () => {
    const world = await createLocalWorld();
    world.write(world.path, `${STACK_TEXT}  shop:staged: yes\n`);
    world.git("add", world.path);
    world.write(world.path, `# mine\n${STACK_TEXT}  shop:staged: yes\n`);
    await scale(world, { web: 4, worker: 6 });
    expect(world.git("show", `HEAD:${world.path}`)).toBe(at(4, 6).trimEnd());
    expect(world.git("show", `:${world.path}`)).toBe(`${at(4, 6)}  shop:staged: yes`);
    expect(world.read(world.path)).toBe(`# mine\n${at(4, 6)}  shop:staged: yes\n`);
  });
});
