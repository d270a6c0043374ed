// node run-update.ts <workDir> <urn> : one targeted update of the stack `dev`, as a process that a test may kill.
import { updateTargets } from "../../../src/apply/targeted-update.ts";

const [workDir = ".", urn = ""] = process.argv.slice(2);
await updateTargets(
  {
    stack: "dev",
    targets: [urn],
    targetDependents: false,
    refresh: false,
    policyPacks: [],
    parallel: undefined,
    configFile: undefined,
    message: "",
  },
  { workDir, environment: process.env },
);
