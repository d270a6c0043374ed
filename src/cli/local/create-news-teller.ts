import type { Logger } from "pino";
import { systemClock } from "../../clock.ts";
import { errorFacts } from "../../http/error-facts.ts";
import { Outbox } from "../../notify/outbox.ts";
import type { SidecarSettings } from "../../settings.ts";
import type { LocalStack } from "../../workflows/local-stack.ts";
import { LocalNotifications } from "../../workflows/notify-locally.ts";

export type NewsTeller = {
  /** Tells what has become so since the last time; never rejects. */
  tell: () => Promise<void>;
  /** Tells what is left, and ends. */
  stop: () => Promise<void>;
};

/** Tells the targets of a stack's repository, as far as the settings have addresses of any. */
export function createNewsTeller(stack: LocalStack, settings: SidecarSettings, log: Logger): NewsTeller {
  const outbox = new Outbox({
    ...{ secrets: settings.notify, clock: systemClock },
    onGivenUp: (target, why) => log.warn({ target, why }, "a notification could not be sent"),
  });
  const notifications = new LocalNotifications({
    ...{ stack, outbox, clock: systemClock },
    onLacking: (target, lacking) =>
      log.warn({ target, lacking }, "a target of notifications has no settings here"),
    onError: (error) => log.error({ error: errorFacts(error) }, "what is to be told could not be read"),
  });
  // Without git, what is so is asked of Pulumi: nobody pays for that who has nobody told.
  const tell = async () => {
    if (settings.notify.texts.length > 0) await notifications.look();
  };
  return {
    tell,
    stop: async () => {
      await tell();
      await outbox.stop();
    },
  };
}
