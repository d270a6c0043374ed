import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ForgeError } from "../../src/forge/forge.ts";
import { Git } from "../../src/forge/git.ts";
import { healWorkTree, LocalGitForge } from "../../src/forge/local-git.ts";
import { openLocalRepository } from "../../src/forge/local-repository.ts";
import { placeOf, requestFor } from "./scale-request.ts";

/** A process of its own that adds to a pool's value `times` times, deciding again on each lost race, and prints each commit. */
const { root, path, push, pool, times, environment } = z
  .object({
    root: z.string(),
    path: z.string(),
    push: z.string().nullable(),
    pool: z.string(),
    times: z.number(),
    environment: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(process.argv[2] ?? ""));

const repository = await openLocalRepository(new Git(environment), root);
if (repository === null) throw new Error("no work tree");
const place = placeOf(path, repository.branch);
const forge = new LocalGitForge(repository, { clock: Date.now, push });
await healWorkTree(repository, place);
for (let done = 0; done < times; ) {
  try {
    const { headOid, file } = await forge.readSnapshot(place, 0);
    if (file.kind !== "text") throw new Error(file.kind);
    const value = Number(new RegExp(`:${pool}: '?(\\d+)`).exec(file.text)?.[1]);
    const oid = await forge.commit(place, requestFor(headOid, file.text, { [pool]: value + 1 }, path));
    console.log(oid);
    done += 1;
  } catch (error) {
    if (!(error instanceof ForgeError) || !["conflict", "unavailable"].includes(error.code)) throw error;
    await sleep(10 + Math.random() * 40);
  }
}
