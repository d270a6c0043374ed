import { z } from "zod";
import type { DeliveryAttempt } from "../domain/missed-deliveries.ts";
import type { GitHubClients } from "./github-clients.ts";
import { toForgeError } from "./github-errors.ts";

const PER_PAGE = 100;

/** The ids are larger than what a number holds. */
const Page = z.array(
  z
    .object({
      id: z.union([z.number(), z.bigint()]),
      guid: z.string(),
      delivered_at: z.iso.datetime({ offset: true }),
      redelivery: z.boolean(),
      status_code: z.int(),
      event: z.string(),
    })
    .transform(
      ({ id, guid, delivered_at, redelivery, status_code, event }): DeliveryAttempt => ({
        ...{ id: String(id), guid, event, atMs: Date.parse(delivered_at) },
        kind: redelivery ? "again" : "first",
        outcome: status_code >= 200 && status_code < 300 ? "accepted" : "failed",
      }),
    ),
);

/** What GitHub has told the App, or has tried to. */
export class GitHubHookDeliveries {
  readonly #clients: GitHubClients;

  constructor(clients: GitHubClients) {
    this.#clients = clients;
  }

  /**
   * The attempts since then, newest first, a few older ones included; `part` where there are more than so many pages of a hundred. One call
   * each. Throws `ForgeError`.
   */
  async readBack(
    sinceMs: number,
    mostPages: number,
  ): Promise<{ attempts: DeliveryAttempt[]; extent: "whole" | "part" }> {
    const attempts: DeliveryAttempt[] = [];
    try {
      const { request } = await this.#clients.app();
      let cursor: string | null = null;
      for (let page = 0; page < mostPages; page++) {
        const query: { per_page: number; cursor?: string } = { per_page: PER_PAGE };
        if (cursor !== null) query.cursor = cursor;
        const { data, headers } = await request("GET /app/hook/deliveries", query);
        const some = Page.parse(data);
        attempts.push(...some);
        cursor = nextCursor(headers.link ?? "");
        const oldest = some.at(-1);
        if (cursor === null || oldest === undefined || oldest.atMs < sinceMs)
          return { attempts, extent: "whole" };
      }
      return { attempts, extent: "part" };
    } catch (error) {
      throw toForgeError(error, "reading what GitHub has told the App");
    }
  }

  /** Asks GitHub to send it once more, under the same id of the event. Throws `ForgeError`. */
  async redeliver(id: string): Promise<void> {
    try {
      const { request } = await this.#clients.app();
      // In the route, since it is no number that JavaScript has.
      await request(`POST /app/hook/deliveries/${encodeURIComponent(id)}/attempts`);
    } catch (error) {
      throw toForgeError(error, `asking for delivery ${id} once more`);
    }
  }
}

function nextCursor(link: string): string | null {
  const next = link.split(",").find((part) => part.endsWith('rel="next"'));
  const url = next?.slice(next.indexOf("<") + 1, next.indexOf(">"));
  return url === undefined ? null : (URL.parse(url)?.searchParams.get("cursor") ?? null);
}
