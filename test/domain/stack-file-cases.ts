import { readdirSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { PoolLocation } from "../../src/domain/stack-file.ts";
import { STACK_FILE_REFUSALS, type StackFileRefusalCode } from "../../src/domain/stack-file-refusal.ts";

export type StackFileCase = {
  name: string;
  before: Buffer;
  edits: { location: PoolLocation; value: number }[];
};
export type EditCase = StackFileCase & { after: Buffer };
export type LeaveCase = StackFileCase & { code: StackFileRefusalCode; line: number | undefined };

const FOLDER = new URL("../../fixtures/stack-files/", import.meta.url);

const Edit = z.union([
  z.strictObject({ configKey: z.string(), value: z.number() }),
  z.strictObject({ configPath: z.string(), value: z.number() }),
]);
const EditFile = z.strictObject({ project: z.string(), edits: z.array(Edit).min(1) });
const LeaveFile = EditFile.extend({
  code: z.string().refine((code): code is StackFileRefusalCode => Object.hasOwn(STACK_FILE_REFUSALS, code)),
  line: z.number().optional(),
});

/** The golden directories of `edit/`: a stack file before and after. */
export function readEditCases(): EditCase[] {
  return readNames("edit").map((name) => {
    const { project, edits } = EditFile.parse(readCase(`edit/${name}`));
    return {
      name,
      before: readFile(`edit/${name}/before.yaml`),
      after: readFile(`edit/${name}/after.yaml`),
      edits: edits.map((edit) => toEdit(project, edit)),
    };
  });
}

/** The golden directories of `leave/`: a stack file that must not change, and the reason. */
export function readLeaveCases(): LeaveCase[] {
  return readNames("leave").map((name) => {
    const { project, edits, code, line } = LeaveFile.parse(readCase(`leave/${name}`));
    return {
      name,
      before: readFile(`leave/${name}/before.yaml`),
      edits: edits.map((edit) => toEdit(project, edit)),
      code,
      line,
    };
  });
}

function toEdit(
  project: string,
  { value, ...location }: z.infer<typeof Edit>,
): StackFileCase["edits"][number] {
  return { location: { project, ...location }, value };
}

function readNames(folder: string): string[] {
  return readdirSync(new URL(folder, FOLDER));
}

function readFile(path: string): Buffer {
  return readFileSync(new URL(path, FOLDER));
}

function readCase(path: string): unknown {
  return JSON.parse(readFile(`${path}/case.json`).toString());
}
