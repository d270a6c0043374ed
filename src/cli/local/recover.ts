import { adoptStack } from "../../apply/adopt-stack.ts";
import { recoverUpdate } from "../../apply/recover-update.ts";
import type { LocalOutside } from "./flags.ts";
import { type LocalProgram, recordFolder } from "./open-program.ts";

/** Makes up for an update that was killed, or whose starter was, and says what it did. */
export async function recoverUpdates(program: LocalProgram, outside: LocalOutside): Promise<void> {
  const { engine, workDir, stateDir, place } = program;
  for (const alias of [...(place.formerAliases ?? []), place.alias])
    await recoverUpdate({
      ...{ workDir, environment: engine.environment, project: place.project, say: outside.tell },
      recordFolder: recordFolder(stateDir, alias),
      ...(engine.signal === undefined ? {} : { signal: engine.signal }),
    });
}

/** Finishes what a killed process has left of its commits, and takes over what people have brought up by hand; says what it did. */
export async function recoverValues(program: LocalProgram, outside: LocalOutside): Promise<void> {
  for (const sentence of await program.heal()) outside.tell(sentence);
  const checkout = await program.readCheckout();
  await adoptStack({ place: program.deployPlace, checkout, engine: program.engine }, program.world);
}
