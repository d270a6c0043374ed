/** Whether an error says that nothing stands at a path. */
export function isMissingFile(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** For `.catch`: null where nothing stands at a path; any other error goes on. */
export function nullIfMissing(error: unknown): null {
  if (isMissingFile(error)) return null;
  throw error;
}
