import type { Snapshot } from "./snapshot.ts";
import { createStackFileReader, type StackFileReader } from "./stack-file.ts";

/** What parses the same text twice takes as long twice: a snapshot has one reader, which is forgotten with it. */
const readers = new WeakMap<Snapshot, StackFileReader>();

/** The reader of all stack files in a snapshot: each text is parsed once, whoever asks. */
export function snapshotReader(snapshot: Snapshot): StackFileReader {
  const reader = readers.get(snapshot) ?? createStackFileReader();
  readers.set(snapshot, reader);
  return reader;
}
