import { registerHooks } from "node:module";

/**
 * GitHub's own parser of workflow files. The published package imports its schema without the attribute that Node
 * asks of JSON modules (it is meant for bundlers), so the attribute is added while it loads.
 */
export async function loadWorkflowParser(): Promise<typeof import("@actions/workflow-parser")> {
  const hooks = registerHooks({
    load: (url, context, nextLoad) =>
      url.includes("/@actions/workflow-parser/") && url.endsWith(".json")
        ? nextLoad(url, { ...context, importAttributes: { ...context.importAttributes, type: "json" } })
        : nextLoad(url, context),
  });
  try {
    return await import("@actions/workflow-parser");
  } finally {
    hooks.deregister();
  }
}
