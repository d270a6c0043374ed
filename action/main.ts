import { systemClock } from "../src/clock.ts";
import { createApplyForge, createPreviewForge } from "../src/forge/github-apply-client.ts";
import { IssuerKeys } from "../src/ledger/issuer-keys.ts";
import { LedgerJudge } from "../src/ledger/ledger-judge.ts";
import { oidcIssuerOf } from "../src/ledger/oidc-issuer.ts";
import { idTokenRequest } from "../src/ledger/request-id-token.ts";
import { readInputs } from "./inputs.ts";
import { createReport } from "./report.ts";
import { runCommand } from "./run-command.ts";

const print = (line: string) => console.log(line);
const interrupt = new AbortController();
// A cancelled job gets SIGINT, SIGTERM 7.5 s later, and is killed after 10 s: Pulumi is told at once.
process.once("SIGINT", () => interrupt.abort());
process.once("SIGTERM", () => interrupt.abort());

/** Runs the Action; answers the exit code. Every failure is one sentence. */
async function main(): Promise<number> {
  let report = createReport({ outputFile: null, summaryFile: null, print });
  try {
    const inputs = readInputs();
    report = createReport({ ...inputs, print });
    for (const secret of inputs.secrets) report.hide(secret);
    const forge = createApplyForge(inputs.token, inputs.apiUrl, (line) => report.say("info", line));
    const keys = new IssuerKeys(inputs.oidcIssuer ?? oidcIssuerOf(inputs.apiUrl), systemClock);
    const requestToken = idTokenRequest(inputs.idToken.url, inputs.idToken.token);
    const ledger = { judge: new LedgerJudge(keys, systemClock), requestToken };
    return await runCommand(inputs, {
      ...{ forge, ledger, keys, report },
      previews: createPreviewForge(inputs.token, inputs.apiUrl),
      clock: systemClock,
      signal: interrupt.signal,
    });
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    report.say("error", interrupt.signal.aborted ? `The run was interrupted: ${sentence}` : sentence);
    return 1;
  }
}

process.exitCode = await main();
