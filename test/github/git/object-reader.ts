import { converseWithGit, type GitConversation } from "./git-process.ts";

export interface GitObject {
  readonly oid: string;
  readonly type: string;
  readonly content: Buffer;
}

/** Reads objects of one repository by any revision that names exactly one: an oid, `refs/heads/main`, `<oid>:<path>`. */
export interface ObjectReader {
  read(revision: string): Promise<GitObject | null>;
  close(): Promise<void>;
}

interface Question {
  readonly answer: (object: GitObject | null) => void;
  readonly fail: (error: Error) => void;
}

/**
 * One `git cat-file --batch` per repository, started at the first question: a process per object would cost
 * most of an answer's time.
 */
export function openObjectReader(directory: string): ObjectReader {
  let conversation: GitConversation | undefined;
  let pending: Buffer = Buffer.alloc(0);
  let waiting: Question[] = [];

  const start = (): GitConversation => {
    const started = converseWithGit(directory, ["cat-file", "--batch"]);
    started.onData((chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      answerFromPending();
    });
    started.onEnd(() => {
      if (conversation === started) conversation = undefined;
      pending = Buffer.alloc(0);
      for (const question of waiting) question.fail(new Error(`git cat-file ended in ${directory}`));
      waiting = [];
    });
    return started;
  };

  const answerFromPending = (): void => {
    for (;;) {
      const lineEnd = pending.indexOf(0x0a);
      if (lineEnd === -1) return;
      const header = pending.toString("utf8", 0, lineEnd);
      const found = /^([0-9a-f]{40}) (blob|tree|commit|tag) (\d+)$/.exec(header);
      if (found === null) {
        pending = pending.subarray(lineEnd + 1);
        waiting.shift()?.answer(null);
        continue;
      }
      const [, oid = "", type = "", size = "0"] = found;
      const contentEnd = lineEnd + 1 + Number(size);
      if (pending.length < contentEnd + 1) return;
      const content = Buffer.from(pending.subarray(lineEnd + 1, contentEnd));
      pending = pending.subarray(contentEnd + 1);
      waiting.shift()?.answer({ oid, type, content });
    }
  };

  return {
    read: (revision) => {
      if (revision === "" || /[\n\0]/.test(revision)) return Promise.resolve(null);
      conversation ??= start();
      const current = conversation;
      return new Promise((answer, fail) => {
        waiting.push({ answer, fail });
        current.write(`${revision}\n`);
      });
    },
    close: async () => {
      await conversation?.end();
    },
  };
}
