import { onTestFinished } from "vitest";
import { type AppProcess, startAppProcess } from "../world/start-app-process.ts";
import { startAppWorld } from "./app-world.ts";
import type { AppWorld, AppWorldOptions } from "./open-app-world.ts";

export const PROCESS_SECRETS = {
  WEBHOOK_SECRET: "the-apps-own-webhook-secret",
  PULUMISCALE_HMAC_SECRET: "the-hmac-secret-of-the-process-0123456789",
  PULUMISCALE_METRICS_TOKEN: "the-metrics-token-of-the-process-0123456789",
} as const;

/** The world of `startAppWorld` with one more replica: a process of its own, whose output and memory can be looked at. */
export async function startAppProcessWorld(
  environment: Readonly<Record<string, string>> = {},
  options: AppWorldOptions = {},
): Promise<AppWorld & { own: AppProcess }> {
  const world = await startAppWorld(options);
  const own = await startAppProcess({
    APP_ID: String(world.app.appId),
    PRIVATE_KEY: world.app.privateKey,
    GITHUB_API_URL: world.github.apiUrl,
    PULUMISCALE_OIDC_ISSUER: world.issuer.url,
    PULUMISCALE_DEFAULT_STACK: "acme/infra/shop.prod",
    ...PROCESS_SECRETS,
    ...environment,
  });
  onTestFinished(() => own.process.stop());
  return { ...world, own };
}
