import { z } from "zod";
import { safeJson } from "../domain/safe-json.ts";

const Metadata = z.object({
  op: z.string(),
  urn: z.string(),
  type: z.string(),
});

const EngineEvent = z.object({
  resourcePreEvent: z.object({ metadata: Metadata, planning: z.boolean().optional() }).optional(),
  resOutputsEvent: z.object({ metadata: Metadata, planning: z.boolean().optional() }).optional(),
  resOpFailedEvent: z.object({ metadata: Metadata }).optional(),
  diagnosticEvent: z
    .object({ urn: z.string().optional(), message: z.string(), severity: z.string() })
    .optional(),
  policyEvent: z
    .object({
      resourceUrn: z.string().optional(),
      message: z.string(),
      policyName: z.string(),
      policyPackName: z.string(),
      enforcementLevel: z.string(),
    })
    .optional(),
  summaryEvent: z.object({ result: z.string().optional() }).optional(),
});

/** One step on one resource: `op` is Pulumi's word (`same`, `create`, `update`, `delete`, `replace`, …). */
export type ResourceStep = { urn: string; op: string };

/** What the engine said of an update or a preview, as far as this product reads it. Texts are uncleaned. */
export type EngineReport = {
  /** Steps that were started; in a preview, that would be. */
  planned: ResourceStep[];
  /** Steps that were done; in a preview, that would be. */
  done: ResourceStep[];
  failed: ResourceStep[];
  /** Errors, with the URN they belong to; without one they concern the update as a whole. */
  errors: { urn: string | null; message: string }[];
  /** Mandatory policies that objected. */
  violations: { urn: string | null; policy: string; message: string }[];
  /** False where the engine never came to its summary: it was killed, or gave up before it began. */
  isComplete: boolean;
};

/**
 * Reads an event log as `--event-log` writes it, one JSON object a line. Lines that do not parse are left out: a
 * killed engine leaves half a line, and newer ones write events that nobody here knows.
 */
export function parseEventLog(eventLog: string): EngineReport {
  const report: EngineReport = {
    planned: [],
    done: [],
    failed: [],
    errors: [],
    violations: [],
    isComplete: false,
  };
  for (const line of eventLog.split("\n")) {
    const parsed = line === "" ? undefined : EngineEvent.safeParse(safeJson(line));
    if (parsed?.success) addEvent(report, parsed.data);
  }
  return report;
}

function addEvent(report: EngineReport, event: z.infer<typeof EngineEvent>): void {
  const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent, policyEvent } = event;
  if (resourcePreEvent) report.planned.push(stepOf(resourcePreEvent.metadata));
  if (resOutputsEvent) report.done.push(stepOf(resOutputsEvent.metadata));
  if (resOpFailedEvent) report.failed.push(stepOf(resOpFailedEvent.metadata));
  if (diagnosticEvent?.severity === "error") {
    report.errors.push({ urn: diagnosticEvent.urn || null, message: diagnosticEvent.message.trim() });
  }
  if (policyEvent?.enforcementLevel === "mandatory") {
    report.violations.push({
      urn: policyEvent.resourceUrn || null,
      policy: `${policyEvent.policyPackName}/${policyEvent.policyName}`,
      message: policyEvent.message.trim(),
    });
  }
  if (event.summaryEvent) report.isComplete = true;
}

function stepOf({ urn, op }: z.infer<typeof Metadata>): ResourceStep {
  return { urn, op };
}
