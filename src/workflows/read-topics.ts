import type { Snapshot } from "../domain/snapshot.ts";
import { readSnsTopics, type SnsTopics } from "../domain/sns-topics.ts";
import type { StackContext } from "./read-situation.ts";
import { toTryAgain } from "./to-try-again.ts";

/** Many messages may meet one snapshot: its file is read once. */
const known = new WeakMap<Snapshot, SnsTopics>();

/** The topics that the stack file on the base branch lets in. Throws `TryAgainError`. */
export async function readTopics({ snapshots, place }: StackContext): Promise<SnsTopics> {
  let snapshot: Snapshot;
  try {
    snapshot = await snapshots.get();
  } catch (error) {
    throw toTryAgain(error);
  }
  const topics = known.get(snapshot) ?? topicsOf(snapshot, place);
  known.set(snapshot, topics);
  return topics;
}

function topicsOf({ file }: Snapshot, { path, project }: StackContext["place"]): SnsTopics {
  if (file.kind === "text") return readSnsTopics(file.text, project);
  const why = file.kind === "missing" ? "it is not on the base branch" : file.message;
  return { kind: "refused", message: `${path}: ${why}, so no topic is let in.` };
}
