import { z } from "zod";

const Cpu = z.object({
  type: z.literal("Resource"),
  resource: z.object({
    name: z.literal("cpu"),
    target: z.object({ averageUtilization: z.number().nullish() }).nullish(),
  }),
});

/** Whether a metric of a HorizontalPodAutoscaler is the CPU of the pods. */
export function isCpu(metric: unknown): boolean {
  return Cpu.safeParse(metric).success;
}

/** The percentage of the requested CPU to which metrics scale; null where they do not go by that. */
export function cpuTargetOf(metrics: readonly unknown[]): number | null {
  for (const metric of metrics) {
    const target = Cpu.safeParse(metric).data?.resource.target?.averageUtilization;
    if (target != null) return target;
  }
  return null;
}
