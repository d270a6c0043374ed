// node local-ledger-writer.ts <stateDir> <times> : adds one to an entry's value so many times, as a process that a test may kill.
import { ForgeError } from "../../src/forge/forge.ts";
import { LocalLedger } from "../../src/forge/local-ledger.ts";
import { formatEntry, LedgerEntry } from "../../src/ledger/entry.ts";

const [stateDir = "", times = "0"] = process.argv.slice(2);
const ledger = new LocalLedger(stateDir);
for (let done = 0; done < Number(times); ) {
  const { text, id } = await ledger.read("shop.dev");
  const entry = LedgerEntry.parse(JSON.parse(text ?? ""));
  const next = formatEntry({ ...entry, applied: { web: (entry.applied.web ?? 0) + 1 } });
  try {
    await ledger.write("shop.dev", next, id);
    done += 1;
  } catch (error) {
    if (!(error instanceof ForgeError && error.code === "conflict")) throw error;
  }
}
