import { z } from "zod";

const Blob = z.object({
  oid: z.string(),
  text: z.string().nullable(),
  byteSize: z.int(),
  isTruncated: z.boolean(),
  isBinary: z.boolean().nullable(),
});
export type BlobAnswer = z.infer<typeof Blob>;

/** Something at a path: a file, or a thing that is none, which is null. */
export const TextObject = z.union([Blob, z.object({}).transform(() => null)]).nullable();

/** A path at a commit. */
export const FileEntry = z.object({ object: TextObject }).nullable();
export type FileAnswer = z.infer<typeof FileEntry>;
