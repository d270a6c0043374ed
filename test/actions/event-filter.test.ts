import { expect, test } from "vitest";
import { matchesPatterns, matchesPush, skipsWorkflows } from "./event-filter.ts";

test.each([
  // From GitHub's "filter pattern cheat sheet".
  [["feature/*"], "feature/my-branch", true],
  [["feature/*"], "feature/a/b", false],
  [["feature/**"], "feature/a/b", true],
  [["releases/mona-the-octocat"], "releases/mona-the-octocat", true],
  [["*"], "a/b", false],
  [["**"], "a/b", true],
  [["*feature"], "ver-10-feature", true],
  [["v2*"], "v2.9", true],
  [["v[12].[0-9]+.[0-9]+"], "v1.10.1", true],
  [["v[12].[0-9]+.[0-9]+"], "v3.10.1", false],
  [["*.jsx?"], "page.js", true],
  [["**/README.md"], "README.md", true],
  [["**/README.md"], "js/README.md", true],
  [["**/*src/**"], "my-src/code/js/app.js", true],
  [["docs/**/*.md"], "docs/a/markdown/file.md", true],
  [["docs/**/*.md"], "docs/hello.md", true],
  [["infra/Pulumi.*.yaml"], "infra/Pulumi.dev.yaml", true],
  [["infra/Pulumi.*.yaml"], "infra/PulumixdevXyaml", false],
  [["**", "!docs/**"], "docs/a.md", false],
  [["**", "!docs/**", "docs/keep.md"], "docs/keep.md", true],
  [["!docs/**"], "src/a.ts", false],
])("%j on %s: %s", (patterns, name, expected) => {
  expect(matchesPatterns(patterns, name)).toBe(expected);
});

test.each([
  ["nothing asked", {}, "refs/heads/x", ["a"], true],
  ["nothing asked, a tag", {}, "refs/tags/v1", [], true],
  ["only branches, a tag", { branches: ["**"] }, "refs/tags/v1", [], false],
  ["only tags, a branch", { tags: ["**"] }, "refs/heads/main", ["a"], false],
  ["tags, that tag", { tags: ["v*"] }, "refs/tags/v1", [], true],
  ["another branch", { branches: ["main"] }, "refs/heads/x", ["a"], false],
  ["branch with a slash", { branches: ["scale/*"] }, "refs/heads/scale/dev", ["a"], true],
  ["ignored branch", { "branches-ignore": ["scale/**"] }, "refs/heads/scale/dev", ["a"], false],
  ["one path of two", { paths: ["infra/**"] }, "refs/heads/main", ["a", "infra/b"], true],
  ["no path of two", { paths: ["infra/**"] }, "refs/heads/main", ["a", "b"], false],
  ["all paths ignored", { "paths-ignore": ["**/*.md"] }, "refs/heads/main", ["a.md"], false],
  ["not all paths ignored", { "paths-ignore": ["**/*.md"] }, "refs/heads/main", ["a.md", "b"], true],
  ["paths, and a tag", { paths: ["infra/**"] }, "refs/tags/v1", [], true],
])("on: push with %s", (_, filter, ref, files, expected) => {
  expect(matchesPush(filter, ref, files)).toBe(expected);
});

test.each([
  ["fix [skip ci]", true],
  ["fix\n\nlong text [ci skip] in it", true],
  ["fix [no ci]", true],
  ["fix [skip actions]", true],
  ["fix [actions skip]", true],
  ["fix\n\nbody\n\nskip-checks: true", true],
  ["fix skip ci", false],
  ["skip-checks: true", false],
  ["fix\n\nskip-checks: true\n\nmore", false],
])("skips %j: %s", (message, expected) => {
  expect(skipsWorkflows(message)).toBe(expected);
});
