import type { AppWorld } from "../support/open-app-world.ts";

/** Nothing goes on any more, and nothing that went on has started something else: what comes now comes by an event. */
export async function quiet({ github, replica }: Pick<AppWorld, "github" | "replica">): Promise<void> {
  for (let seen = -1; seen !== github.requests.length; ) {
    seen = github.requests.length;
    await github.webhooksIdle();
    await replica.idle();
  }
}
