import type { EventsConfig } from "@actions/workflow-parser/model/workflow-template";
import { isNode, isPair, isScalar, parseDocument, visit } from "yaml";
import { z } from "zod";
import type { Json } from "./json.ts";
import { loadWorkflowParser } from "./load-workflow-parser.ts";

const Text = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((value) => (value === null ? "" : String(value)));
const Texts = z.record(z.string(), Text);
const Flag = z.union([z.boolean(), z.string()]);
const Count = z.union([z.number(), z.string()]);
const JsonValue: z.ZodType<Json> = z.json();
const Permissions = z.union([
  z.enum(["read-all", "write-all"]),
  z.record(z.string(), z.enum(["read", "write", "none"])),
]);
const Concurrency = z.union([
  z.string().transform((group) => ({ group, "cancel-in-progress": false, queue: "single" })),
  z.looseObject({
    group: z.string(),
    "cancel-in-progress": Flag.default(false),
    queue: z.string().default("single"),
  }),
]);
const Defaults = z.strictObject({
  run: z.strictObject({ shell: z.string().optional(), "working-directory": z.string().optional() }),
});

/** A step of a job, or of a composite action. */
export const Step = z.strictObject({
  id: z.string().optional(),
  name: Text.optional(),
  if: Text.optional(),
  run: Text.optional(),
  uses: z.string().optional(),
  with: Texts.default({}),
  env: Texts.default({}),
  shell: z.string().optional(),
  "working-directory": z.string().optional(),
  "continue-on-error": Flag.default(false),
  "timeout-minutes": Count.optional(),
});
export type Step = z.infer<typeof Step>;

const Job = z.strictObject({
  name: Text.optional(),
  "runs-on": JsonValue,
  needs: z.union([z.string().transform((need) => [need]), z.array(z.string())]).default([]),
  if: Text.optional(),
  permissions: Permissions.optional(),
  environment: JsonValue.optional(),
  concurrency: Concurrency.optional(),
  outputs: Texts.default({}),
  env: Texts.default({}),
  defaults: Defaults.optional(),
  steps: z.array(Step),
  "timeout-minutes": Count.default(360),
  strategy: z
    .strictObject({
      matrix: JsonValue.optional(),
      "fail-fast": Flag.default(true),
      "max-parallel": Count.optional(),
    })
    .optional(),
  "continue-on-error": Flag.default(false),
});
export type Job = z.infer<typeof Job>;
export type Concurrency = z.infer<typeof Concurrency>;
export type Permissions = z.infer<typeof Permissions>;

const WorkflowFile = z.strictObject({
  name: z.string().optional(),
  "run-name": z.string().optional(),
  on: z.unknown(),
  permissions: Permissions.optional(),
  env: Texts.default({}),
  defaults: Defaults.optional(),
  concurrency: Concurrency.optional(),
  jobs: z.record(z.string(), Job),
});

export type Workflow = Omit<z.infer<typeof WorkflowFile>, "on" | "name"> & {
  readonly name: string;
  /** `.github/workflows/deploy.yml` */
  readonly path: string;
  readonly on: EventsConfig;
};

export type ParsedWorkflow =
  | { readonly kind: "workflow"; readonly workflow: Workflow }
  | {
      readonly kind: "invalid";
      readonly path: string;
      readonly on: EventsConfig;
      readonly problems: readonly string[];
    };

/** Parses a workflow file: GitHub's own parser judges it, then what this runner cannot do is refused. */
export async function parseWorkflow(path: string, content: string): Promise<ParsedWorkflow> {
  const parser = await loadWorkflowParser();
  const { context, value } = parser.parseWorkflow(
    { name: path, content },
    new parser.NoOperationTraceWriter(),
  );
  const invalid = (on: EventsConfig, problems: readonly string[]): ParsedWorkflow => ({
    kind: "invalid",
    path,
    on,
    problems,
  });
  if (value === undefined)
    return invalid(
      {},
      context.errors.getErrors().map((error) => error.message),
    );
  const { events, errors = [] } = await parser.convertWorkflowTemplate(context, value);
  // Keys that are newer than the parser are GitHub's to judge.
  const problems = errors
    .map((error) => error.Message)
    .filter((message) => !/Unexpected value 'queue'/.test(message));
  if (problems.length > 0) return invalid(events ?? {}, problems);
  const file = WorkflowFile.safeParse(readYaml(content));
  if (!file.success)
    return invalid(
      events,
      file.error.issues.map((issue) => `${path}, ${issue.path.join(".")}: this runner: ${issue.message}`),
    );
  const { name = path, on: _, ...rest } = file.data;
  return { kind: "workflow", workflow: { ...rest, name, path, on: events } };
}

/** Values of `env` and `with` are text as it was written: 1.10 stays 1.10. */
function readYaml(content: string): unknown {
  const document = parseDocument(content);
  visit(document, {
    Scalar: (_, node, parents) => {
      const isText = parents.some(
        (parent) =>
          isPair(parent) &&
          isScalar(parent.key) &&
          (parent.key.value === "env" || parent.key.value === "with"),
      );
      if (isText && isNode(node) && typeof node.value === "number" && node.source !== undefined)
        node.value = node.source;
    },
  });
  return document.toJS();
}
