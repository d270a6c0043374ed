/** Whether a pod is one of those with these labels. */
export function isOf(
  pod: { metadata: { namespace: string; labels: Readonly<Record<string, string>> } },
  namespace: string,
  labels: Readonly<Record<string, string>>,
): boolean {
  const { metadata } = pod;
  const entries = Object.entries(labels);
  return (
    metadata.namespace === namespace &&
    entries.length > 0 &&
    entries.every(([key, value]) => metadata.labels[key] === value)
  );
}
