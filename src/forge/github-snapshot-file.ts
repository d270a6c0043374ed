import { z } from "zod";

/** What of a file every query asks for, by GraphQL's names. */
export const BLOB_FIELDS = "oid text byteSize isTruncated isBinary";

export const BlobAnswer = z.object({
  oid: z.string(),
  text: z.string().nullable(),
  byteSize: z.int(),
  isTruncated: z.boolean(),
  isBinary: z.boolean().nullable(),
});
export type BlobAnswer = z.infer<typeof BlobAnswer>;

/** Something at a path: a file, or a thing that is none, which is null. */
export const TextObject = z.union([BlobAnswer, z.object({}).transform(() => null)]).nullable();

/** A path at a commit. */
export const FileEntry = z.object({ object: TextObject }).nullable();
export type FileAnswer = z.infer<typeof FileEntry>;
