import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Start } from "./held-server.ts";

export type HeldServer = AsyncDisposable & {
  readonly url: string;
  /** The processor time that it has used since its start. */
  readonly readCpuMicroseconds: () => Promise<number>;
};

const Answer = z.tuple([z.number()]).rest(z.unknown());

/** Starts the app or the bare route as a process. What it logs goes to /dev/null, as a real write. */
export async function startHeldServer(start: Start): Promise<HeldServer> {
  const child = fork(fileURLToPath(new URL("held-server.ts", import.meta.url)), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const stop = async () => {
    if (child.connected) child.disconnect();
    await ended;
  };
  const ask = async (message: Start | "cpu"): Promise<number> => {
    const failed = ended.then(([code]) => {
      throw new Error(`the server (${start.kind}) ended with the exit code ${code}`);
    });
    child.send(message);
    const [answer] = Answer.parse(await Promise.race([once(child, "message"), failed]));
    return answer;
  };
  try {
    const port = await ask(start);
    return {
      url: `http://127.0.0.1:${port}`,
      readCpuMicroseconds: () => ask("cpu"),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
