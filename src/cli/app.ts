import { startApp } from "../main.ts";
import { readSettings } from "../settings.ts";

/** `pulumiscale app`: runs the GitHub App until SIGTERM or SIGINT; then it finishes what it has begun. */
export async function runApp(): Promise<number> {
  const app = await startApp(readSettings());
  await new Promise<void>((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
  await app.stop();
  return 0;
}
