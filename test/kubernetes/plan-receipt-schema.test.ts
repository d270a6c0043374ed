import { readFileSync, writeFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, it } from "vitest";
import {
  cutHint,
  cutMessage,
  formatReceipt,
  type PlanReceipt,
  parseReceipt,
  planReceiptJsonSchema,
} from "../../src/kubernetes/apply/plan-receipt.ts";

const FILE = new URL("../../src/kubernetes/apply/plan-receipt.schema.json", import.meta.url);

const RECEIPT: PlanReceipt = {
  apiVersion: "infra.scale/v1",
  kind: "PlanReceipt",
  plan: {
    path: "ops/plans/infra-scale/prod/plan.yaml",
    blob: "0123456789abcdef0123456789abcdef01234567",
    createdAt: "2025-01-15T09:00:00.000Z",
    target: "prod",
  },
  outcome: "applied",
  message: "",
  run: "a-run",
  startedAt: "2025-01-15T10:00:00.000Z",
  publishedAt: "2025-01-15T10:01:00.000Z",
  finishedAt: "2025-01-15T10:01:00.000Z",
  runUrl: null,
  actions: [
    {
      action: "apply_hpa",
      subject: "HorizontalPodAutoscaler/web",
      namespace: "default",
      kubeContext: "admin",
      outcome: "applied",
      message: "",
      before: { kind: "absent" },
      after: {
        kind: "hpa",
        min: 1,
        max: 4,
        metrics: [{ type: "Resource", resource: { name: "cpu" } }],
        target: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      },
    },
  ],
  rollbackHints: ["kubectl delete hpa/web -n default"],
  attestation: null,
};

it("ships the JSON Schema of receipt.json as the code has it, and receipts are valid by it", () => {
  const schema = `${JSON.stringify(planReceiptJsonSchema(), null, 2)}\n`;
  // UPDATE_SCHEMA=1 writes it anew after a change of the receipt.
  if (process.env.UPDATE_SCHEMA === "1") writeFileSync(FILE, schema);
  expect(JSON.parse(readFileSync(FILE, "utf8"))).toEqual(JSON.parse(schema));
  const ajv = new Ajv2020();
  addFormats.default(ajv);
  const isValid = ajv.compile(JSON.parse(schema));
  const text = formatReceipt(RECEIPT);
  expect([isValid(JSON.parse(text)), isValid.errors]).toEqual([true, null]);
  expect(isValid({ ...RECEIPT, outcome: "done" })).toBe(false);
  expect(parseReceipt(text)).toEqual(RECEIPT);
});

it("takes a message and a command of any length, and no part of a command", () => {
  const whole = "kubectl delete hpa/web -n default --context=admin";
  const long = `kubectl patch hpa/web -p '${"x".repeat(5000)}' --context=admin`;
  const rollbackHints = [whole, long].map((command) => cutHint(command, "HorizontalPodAutoscaler/web"));
  const receipt = { ...RECEIPT, message: cutMessage(`a${"😀".repeat(5000)}`), rollbackHints };
  expect(parseReceipt(formatReceipt(receipt))).toEqual(receipt);
  expect(receipt.message).toMatch(/^a(?:😀){1999}…$/u);
  expect(rollbackHints).toEqual([
    whole,
    '# The command for HorizontalPodAutoscaler/web is too long: see what stood "before" in the receipt.',
  ]);
});

it.each([
  ["no JSON", "{"],
  ["deep JSON", "[".repeat(200_000)],
  [
    "a metric without a bottom",
    JSON.stringify(RECEIPT).replace('"Resource"', `${"[".repeat(100_000)}${"]".repeat(100_000)}`),
  ],
  ["a field that nobody knows", JSON.stringify({ ...RECEIPT, more: 1 })],
  ["a commit that is none", JSON.stringify({ ...RECEIPT, plan: { ...RECEIPT.plan, blob: "main" } })],
  ["a text without an end", JSON.stringify({ ...RECEIPT, message: "x".repeat(5000) })],
  ["an actions list without an end", JSON.stringify({ ...RECEIPT, run: "x".repeat(3_000_000) })],
])("reads no receipt from %s", (_, text) => {
  expect(parseReceipt(text)).toBeNull();
});
