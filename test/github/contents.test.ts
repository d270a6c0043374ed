import { afterEach, beforeEach, expect, test } from "vitest";
import { type OctoInfra, refusal, stackFile, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;

beforeEach(async () => {
  scene = await startOctoInfra();
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

const base64 = (text: string): string => Buffer.from(text).toString("base64");

async function readSha(path: string): Promise<string> {
  const { data } = await scene.octokit.rest.repos.getContent({ ...scene.repo, path });
  if (Array.isArray(data)) throw new Error(`${path} is a directory`);
  return data.sha;
}

function put(path: string, text: string, more: { sha?: string; branch?: string } = {}) {
  const message = `write ${path}`;
  const content = base64(text);
  return scene.octokit.rest.repos.createOrUpdateFileContents({
    ...scene.repo,
    path,
    message,
    content,
    ...more,
  });
}

test("a file, a directory and raw text are read at any ref", async () => {
  const { repos } = scene.octokit.rest;
  const old = await scene.github.readRef("octo/infra", "main");
  await scene.github.commit("octo/infra", {
    message: "deep",
    files: { "a/b/c.txt": "deep\n", "Pulumi.yaml": null },
  });
  const file = await repos.getContent({ ...scene.repo, path: "a/b/c.txt" });
  expect(file.data).toMatchObject({ type: "file", encoding: "base64", size: 5 });
  const root = await repos.getContent({ ...scene.repo, path: "" });
  expect(Array.isArray(root.data) && root.data.map(({ name, type }) => `${type} ${name}`)).toEqual([
    "file Pulumi.prod.yaml",
    "dir a",
  ]);
  const raw = await repos.getContent({
    ...scene.repo,
    path: "Pulumi.yaml",
    ref: String(old),
    mediaType: { format: "raw" },
  });
  expect(raw.data).toBe("name: infra\n");
  expect(await refusal(repos.getContent({ ...scene.repo, path: "Pulumi.yaml" }))).toBe("404 Not Found");
});

test("writing a file locks it by its sha", async () => {
  const sha = await readSha("Pulumi.prod.yaml");
  const written = await put("Pulumi.prod.yaml", "config:\n  infra:size: 4\n", { sha });
  expect(written.status).toBe(200);
  expect(written.data.commit.verification?.verified).toBe(true);
  expect(await refusal(put("Pulumi.prod.yaml", "stale", { sha }))).toBe(
    `409 Pulumi.prod.yaml does not match ${sha}`,
  );
  expect(await refusal(put("Pulumi.prod.yaml", "without"))).toBe(
    `422 Invalid request.\n\n"sha" wasn't supplied.`,
  );
  expect(await scene.github.readFile("octo/infra", "Pulumi.prod.yaml")).toContain("size: 4");
});

test("a sha on a path that is gone creates the file again", async () => {
  const sha = await readSha("Pulumi.prod.yaml");
  await scene.octokit.rest.repos.deleteFile({
    ...scene.repo,
    path: "Pulumi.prod.yaml",
    message: "gone",
    sha,
  });
  expect(await scene.github.readFile("octo/infra", "Pulumi.prod.yaml")).toBeNull();
  const again = await put("Pulumi.prod.yaml", stackFile, { sha });
  expect(again.status).toBe(201);
});

test("a branch that is missing is a 404", async () => {
  expect(await refusal(put("x", "x", { branch: "nowhere" }))).toBe("404 Branch nowhere not found");
});

test("an empty repository gets its first commit", async () => {
  await scene.github.createRepository({ owner: "octo", name: "empty" });
  const written = await scene.octo.rest.repos.createOrUpdateFileContents({
    owner: "octo",
    repo: "empty",
    path: "README.md",
    message: "first",
    content: base64("# empty\n"),
  });
  expect(written.status).toBe(201);
  // A person's commit through REST is by that person, and not signed by GitHub.
  expect(written.data.commit.verification?.verified).toBe(false);
  expect(await scene.github.readLog("octo/empty")).toHaveLength(1);
});
