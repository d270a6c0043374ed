import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../world/free-port.ts";
import { type RunningProcess, startProcess } from "../../world/start-process.ts";
import type { Backend } from "./make-home.ts";

export type ObjectStore = {
  /** Makes a bucket; answers it as a backend of Pulumi. */
  makeBucket: (name: string) => Promise<Backend>;
  /** The folder in which a bucket's objects stand as files. */
  bucketFolder: (name: string) => string;
  stop: () => Promise<void>;
};

const REGION = "eu-test-1";
const ACCESS_KEY = "pulumiscale-tests";
const SECRET_KEY = "a secret key for tests";

/** Starts the object store `program` (versitygw) on this machine, with its objects below `folder`. */
export async function startObjectStore(program: string, folder: string): Promise<ObjectStore> {
  const [objects, metadata] = [join(folder, "objects"), join(folder, "metadata")];
  await Promise.all([mkdir(objects, { recursive: true }), mkdir(metadata, { recursive: true })]);
  const { server, port } = await startOnFreePort(program, ["posix", "--sidecar", metadata, objects]);
  return {
    makeBucket: async (name) => {
      await mkdir(join(objects, name));
      const query = `endpoint=http://127.0.0.1:${port}&disableSSL=true&s3ForcePathStyle=true&region=${REGION}`;
      return {
        url: `s3://${name}?${query}`,
        environment: {
          AWS_ACCESS_KEY_ID: ACCESS_KEY,
          AWS_SECRET_ACCESS_KEY: SECRET_KEY,
          AWS_SESSION_TOKEN: undefined,
          AWS_PROFILE: undefined,
          AWS_EC2_METADATA_DISABLED: "true",
        },
      };
    },
    bucketFolder: (name) => join(objects, name),
    stop: () => server.stop(),
  };
}

/** The port may be taken by somebody else between the question and the start: then another one is tried. */
async function startOnFreePort(
  program: string,
  args: readonly string[],
  attempts = 3,
): Promise<{ server: RunningProcess; port: number }> {
  const port = await freePort();
  const account = ["--access", ACCESS_KEY, "--secret", SECRET_KEY, "--region", REGION];
  const server = startProcess(program, ["--port", `127.0.0.1:${port}`, ...account, ...args]);
  try {
    await server.waitForLine(/listening on/);
    await waitForAnswer(server, port);
    return { server, port };
  } catch (error) {
    await server.stop();
    if (attempts <= 1) throw error;
    return startOnFreePort(program, args, attempts - 1);
  }
}

/** Its line comes before it listens. */
async function waitForAnswer(server: RunningProcess, port: number): Promise<void> {
  while (server.child.exitCode === null) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (answer !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the object store ended: ${server.lines.join("\n")}`);
}
