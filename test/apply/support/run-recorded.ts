// node run-recorded.ts <workDir> <recordFolder> <urn> : one update of the stack `dev` on record, as a process that a test may kill.
import { updateTargets } from "../../../src/apply/targeted-update.ts";

const [workDir = ".", recordFolder = "", urn = ""] = process.argv.slice(2);
const request = { targets: [urn], targetDependents: false, refresh: false, policyPacks: [] };
await updateTargets(
  { ...request, stack: "dev", parallel: undefined, configFile: undefined, message: "" },
  { workDir, environment: process.env, recordFolder },
);
