import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { approvalBranch, inRangeBranch } from "../../src/forge/forge.ts";
import { readmeFile, readPage } from "./readme-examples.ts";

const Workflow = z.object({
  on: z.object({ pull_request: z.object({ branches: z.array(z.string()) }) }),
  permissions: z.record(z.string(), z.string()),
  jobs: z.object({
    preview: z.object({
      if: z.string(),
      steps: z.array(z.object({ uses: z.string().optional(), with: z.looseObject({}).optional() })),
    }),
  }),
});
const Action = z.object({ inputs: z.record(z.string(), z.unknown()) });

test("the README's preview workflow comments on the App's own branches, with no more rights than that takes", () => {
  const { on, permissions, jobs } = Workflow.parse(parse(readmeFile(".github/workflows/preview.yml")));
  expect(on.pull_request.branches).toEqual(["main"]);
  expect(permissions).toEqual({ contents: "read", "pull-requests": "write" });
  const [, ...prefixes] = jobs.preview.if
    .split("startsWith(github.head_ref, '")
    .map((part) => part.split("'")[0]);
  expect(prefixes).toHaveLength(2);
  for (const branch of [inRangeBranch("shop.prod"), approvalBranch("shop.prod", "web")])
    expect(prefixes.filter((prefix = "-") => branch.startsWith(prefix))).toHaveLength(1);
  expect(jobs.preview.if).toContain("github.event.pull_request.head.repo.full_name == github.repository");
  const ours = jobs.preview.steps.filter(({ uses }) => uses?.startsWith("pulumiscale/"));
  expect(ours.map((step) => step.with)).toEqual([{ command: "preview", "stack-name": "prod" }]);
  const { inputs } = Action.parse(
    parse(readFileSync(new URL("../../action/action.yml", import.meta.url), "utf8")),
  );
  for (const step of ours)
    for (const input of Object.keys(step.with ?? {})) expect(Object.keys(inputs)).toContain(input);
  for (const right of Object.keys(permissions)) expect(readPage("action/action.yml")).toContain(`${right}: `);
});
