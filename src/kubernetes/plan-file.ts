import { Document, isScalar, Scalar, visit } from "yaml";
import { DETECT } from "./scale-input.ts";
import type { ScalePlan } from "./scale-plan.ts";

/** The text of `plan.yaml`. Whoever reads it, by YAML 1.1 or 1.2, reads each name as the text that it is. */
export function renderPlanFile(plan: ScalePlan): string {
  const document = new Document(plan, { aliasDuplicateObjects: false, compat: "yaml-1.1" });
  const { schema } = document;
  // A time of YAML 1.1 is one all the same.
  schema.compat = schema.compat?.filter(({ tag }) => tag !== TIMESTAMP) ?? null;
  visit(document, {
    Pair: (_, { key, value }) => {
      if (isScalar(key) && isScalar(value)) dress(String(key.value), value);
    },
  });
  return document.toString({ lineWidth: 0 });
}

const TIMESTAMP = "tag:yaml.org,2002:timestamp";

/** As Kubernetes' own files have them: a whole number of cores is one. */
function dress(key: string, scalar: Scalar): void {
  const { value } = scalar;
  if (value === DETECT) scalar.type = Scalar.QUOTE_DOUBLE;
  if (RESOURCES.includes(key) && typeof value === "string" && /^(?:0|[1-9]\d{0,14})$/.test(value)) {
    scalar.value = Number(value);
  }
}

const RESOURCES: readonly string[] = ["cpu", "mem"];
