import { connect } from "node:net";

/** An answer as it came over the wire. */
export type RawAnswer = { status: number; headers: Map<string, string>; body: string };

/**
 * Sends bytes as they are, one after the other, and gives what comes back until the other side closes. For requests
 * that no client would send.
 */
export async function sendRaw(port: number, ...parts: (string | Uint8Array)[]): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  const chunks: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  // A server that has answered may reset the connection while the rest of a body is still being sent.
  socket.on("error", () => resolve());
  socket.on("close", () => resolve());
  for (const part of parts) if (!socket.destroyed) socket.write(part);
  await promise;
  return Buffer.concat(chunks).toString("latin1");
}

/** The first answer in what came back. */
export function parseRaw(text: string): RawAnswer {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers = new Map(
    lines.map((line) => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 1).trim(),
    ]),
  );
  return { status: Number(statusLine.split(" ")[1] ?? 0), headers, body: rest.join("\r\n\r\n") };
}
