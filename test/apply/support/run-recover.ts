// node run-recover.ts <workDir> <recordFolder> <n> : recovers the stack `dev`, and kills itself at the nth sentence.
import { writeSync } from "node:fs";
import { recoverUpdate } from "../../../src/apply/recover-update.ts";

const [workDir = ".", recordFolder = "", killAt = "0"] = process.argv.slice(2);
let said = 0;
await recoverUpdate({
  workDir,
  environment: process.env,
  recordFolder,
  project: "pools",
  say: (sentence) => {
    said += 1;
    writeSync(1, `${sentence}\n`);
    if (said === Number(killAt)) process.kill(process.pid, "SIGKILL");
  },
});
