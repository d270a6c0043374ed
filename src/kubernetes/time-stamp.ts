/** A time as it stands in names of folders and branches: `2025-01-15-10-20-30-123Z`, in UTC. */
export function formatTimeStamp(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(/[T:.]/g, "-");
}
