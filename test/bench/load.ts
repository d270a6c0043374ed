import autocannon, { type Result } from "autocannon";

export type Load = {
  readonly url: string;
  readonly token: string;
  readonly body: string;
  /** How many requests in all. */
  readonly amount: number;
};

const CONNECTIONS = 20;
/** Far more than any amount needs: a server that hangs ends the measurement. */
const LIMIT_MS = 60_000;

/** Posts the same request over and over on kept-alive connections. Answers requests per second; throws unless all are 2xx. */
export async function postAll(load: Load): Promise<number> {
  const { url, amount } = load;
  const { result, elapsedMs } = await run(load);
  const { "2xx": answered, errors, timeouts } = result;
  if (answered !== amount) {
    const why = `${errors} errors, ${timeouts} time-outs`;
    throw new Error(`${answered} of ${amount} requests to ${url} were answered with 2xx (${why})`);
  }
  return (amount / elapsedMs) * 1000;
}

function run({ url, token, body, amount }: Load): Promise<{ result: Result; elapsedMs: number }> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    // The result's own end is the next full second.
    let lastMs = startedMs;
    const running = autocannon(
      { url, method: "POST", headers, body, connections: CONNECTIONS, amount },
      (error, result) => {
        clearTimeout(limit);
        if (error) reject(error);
        else resolve({ result, elapsedMs: lastMs - startedMs });
      },
    );
    running.on("response", () => {
      lastMs = performance.now();
    });
    const limit = setTimeout(() => running.stop(), LIMIT_MS);
  });
}
