import { describe, expect, it } from "vitest";
import { PulumiReadError } from "../../src/apply/pulumi-errors.ts";
import { retryBackend } from "../../src/apply/retry-backend.ts";

/** Reads from a backend that answers with these texts one after the other, and then with "read"; counts the tries. */
async function readFrom(...stderrs: string[]) {
  let tries = 0;
  const told: string[] = [];
  const read = async () => {
    tries += 1;
    const stderr = stderrs.shift();
    if (stderr !== undefined)
      throw new PulumiReadError("read it", stderr, "Check PULUMI_CONFIG_PASSPHRASE and the access token.");
    return "read";
  };
  const pace = { wait: async () => {}, random: () => 0 };
  const answer = await retryBackend(read, pace, (line) => told.push(line)).catch(String);
  return { answer, tries, told };
}

describe("a read of the backend", () => {
  it("is done again where the backend is away, whatever our own advice names", async () => {
    const { answer, told } = await readFrom("error: connection refused", "error: EOF");
    expect(answer).toBe("read");
    expect(told).toEqual([
      expect.stringMatching(/connection refused.*It is tried again in 1 s\.$/),
      expect.stringMatching(/EOF.*It is tried again in 2 s\.$/),
    ]);
  });

  it.each([
    "error: unable to open bucket file:///srv/state?no_tmp_dir=true: stat /srv/state: no such file or directory",
    "error: unable to open bucket file:///srv/f?no_tmp_dir=true: /srv/f is not a directory",
    "error: unable to open bucket file:///srv/f/state: stat /srv/f/state: not a directory\n",
    `error: unable to open bucket file:///${"deep/".repeat(200)}: stat /${"deep/".repeat(200)}: no such file or directory`,
  ])("is done once where the backend's folder is not there, and says what to do: %s", async (stderr) => {
    const { answer, tries, told } = await readFrom(stderr);
    expect([tries, told]).toEqual([1, []]);
    expect(answer).toMatch(
      /unable to open bucket file:.* create it or mount it, or correct the backend's address/,
    );
  });

  it.each([
    "error: no stack named 'nobody' found",
    "error: incorrect passphrase",
    "error: invalid access token",
  ])("is done once where waiting mends nothing: %s", async (stderr) => {
    expect((await readFrom(stderr)).tries).toBe(1);
  });

  it("ends with the last failure after five tries", async () => {
    const { answer, tries } = await readFrom(
      ...Array.from({ length: 9 }, (_, index) => `error: away ${index}`),
    );
    expect([tries, answer]).toEqual([5, expect.stringContaining("away 4")]);
  });
});
