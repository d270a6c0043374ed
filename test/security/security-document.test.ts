import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const document = readFileSync(at("docs/security.md"), "utf8");
const rows = document
  .slice(document.indexOf("| threat | who could do it |"), document.indexOf("## Report a hole"))
  .trim()
  .split("\n")
  .slice(2)
  .map((row) => row.slice(2, -2).split(" | "));

/** What has happened to others. */
const INCIDENTS = [
  "CVE-2026-40109",
  "CVE-2026-32096",
  "CVE-2026-42294",
  "GHSA-rx6x-hrg2-g435",
  "GHSA-4chw-4rhf-x3c2",
  "forged state comments",
  "edited comments",
  "approval not bound to the head sha",
  "pull_request_target",
  "CVE-2025-30066",
  "`${".concat("{ }}` in `run:`"),
  "YAML bombs",
  "markdown and trailer injection from alert labels",
  "replays",
  "timing-unsafe compares",
  "bot loops",
  "slow regular expressions",
  "atlantis#938",
];

test.each(INCIDENTS)("%s has a row", (incident) => {
  expect(rows.filter(([threat = ""]) => threat.includes(incident))).toHaveLength(1);
});

test.each(rows)(
  "%s (by %s): its code and its test are there",
  (_threat, _who, control = "", where = "", named = "") => {
    expect(control).not.toBe("");
    for (const [, file = ""] of where.matchAll(/`([^`]+)`/g))
      expect([file, existsSync(at(file))]).toEqual([file, true]);
    const [, file = "", title = ""] = /^`([^`]+)`: (.+)$/.exec(named) ?? [];
    expect([file, existsSync(at(file))]).toEqual([file, true]);
    expect(readFileSync(at(file), "utf8")).toContain(title);
  },
);
