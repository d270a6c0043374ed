import { setTimeout as delay } from "node:timers/promises";
import type { z } from "zod";
import { OperationAnswer, PoolAnswer, ScaleAnswer } from "../../../src/http/answers.ts";
import type { Answer, Serve } from "./start-serve.ts";

export type Result = z.infer<typeof ScaleAnswer>["results"][number];
export type Operation = z.infer<typeof OperationAnswer>;
export type Asked = Pick<Serve, "request"> & Partial<Pick<Serve, "lines">>;

/** The results of a route that scales. Throws where the answer has none. */
export function resultsOf(answer: Answer): Result[] {
  const parsed = ScaleAnswer.safeParse(answer.json);
  if (!parsed.success) throw new Error(`no results in the answer: ${answer.status} ${answer.text}`);
  return parsed.data.results;
}

/** Asks for something of one pool; answers its one result. */
export async function askToScale(serve: Asked, path: string, body: unknown): Promise<Result> {
  const results = resultsOf(await serve.request("POST", path, body));
  const [result, ...others] = results;
  if (result === undefined || others.length > 0)
    throw new Error(`not one result: ${JSON.stringify(results)}`);
  return result;
}

/** Reads what became of a commit until that is known: applied, failed or superseded. */
export async function endOfOperation(serve: Asked, operation: string): Promise<Operation> {
  for (;;) {
    const found = await readOperation(serve, operation);
    if (found.status !== "waiting" && found.status !== "under-way") return found;
    await delay(100);
  }
}

/** What is known of a commit now. Throws where nothing is. */
export async function readOperation(serve: Asked, operation: string): Promise<Operation> {
  const answer = await serve.request("GET", `/operations/${operation}`);
  const parsed = OperationAnswer.safeParse(answer.json);
  if (!parsed.success) throw unexpected(serve, "no operation in the answer", answer);
  return parsed.data;
}

/** Asks for something of one pool that commits, and waits for the end of its apply, however slow the machine is. */
export async function scaleToEnd(
  serve: Asked,
  path: string,
  body: unknown,
): Promise<{ result: Result; operation: Operation }> {
  const result = await askToScale(serve, path, body);
  if (result.commit === null) throw new Error(`nothing was committed: ${JSON.stringify(result)}`);
  return { result, operation: await endOfOperation(serve, result.commit) };
}

export async function readPool(serve: Asked, pool: string): Promise<z.infer<typeof PoolAnswer>> {
  const answer = await serve.request("GET", `/pools/${pool}`);
  const parsed = PoolAnswer.safeParse(answer.json);
  if (!parsed.success) throw unexpected(serve, "no pool in the answer", answer);
  return parsed.data;
}

function unexpected({ lines = [] }: Asked, what: string, { status, text }: Answer): Error {
  return new Error(`${what}: ${status} ${text}\n${lines.slice(-8).join("\n")}`);
}
