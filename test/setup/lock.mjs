import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheFolder, progress } from "./cache.mjs";

/**
 * Runs `work` while no other process on this machine does work under the same name. Waits for a living holder;
 * a holder that died, however it died, holds nothing.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(name, work) {
  const folder = path.join(cacheFolder(), "locks");
  fs.mkdirSync(folder, { recursive: true });
  const lock = path.join(folder, name);
  const mine = path.join(folder, `.${name}.${randomUUID()}`);
  const holder = holderName(process.pid);
  fs.writeFileSync(mine, holder);
  try {
    let announced = false;
    while (!tryLink(mine, lock)) {
      const other = readHolder(lock);
      if (other !== undefined && !isAlive(other)) takeAway(lock, other);
      else {
        if (!announced && other !== undefined)
          progress(`waiting for process ${other.split(" ")[0]}, which sets up ${name}`);
        announced = true;
        await sleep(250);
      }
    }
    removeLeftovers(folder, name);
    held.add(mine);
    try {
      return await work();
    } finally {
      held.delete(mine);
      fs.rmSync(lock, { force: true });
    }
  } finally {
    fs.rmSync(mine, { force: true });
  }
}

/** @type {Set<string>} the locks of this process, as files */
const held = new Set();

/**
 * Makes another process, which does a part of the work, a holder of the locks of this one: they last until both have
 * ended.
 * @param {number} pid
 */
export function shareLocks(pid) {
  for (const file of held) fs.appendFileSync(file, `\n${holderName(pid)}`);
}

/**
 * What processes that were killed while they waited have left.
 * @param {string} folder
 * @param {string} name
 */
function removeLeftovers(folder, name) {
  for (const entry of fs.readdirSync(folder)) {
    if (!entry.startsWith(`.${name}.`)) continue;
    const file = path.join(folder, entry);
    const holders = readHolder(file);
    // An empty one is being written at this moment: its process is about to wait.
    if (holders && !isAlive(holders)) fs.rmSync(file, { force: true });
  }
}

/**
 * A hard link appears whole, with its content, or not at all.
 * @param {string} from
 * @param {string} to
 */
function tryLink(from, to) {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** @param {string} file */
function readHolder(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * A process id is used again after its process died; together with the start time it is unique.
 * @param {number} pid
 */
function holderName(pid) {
  const stat = readHolder(`/proc/${pid}/stat`);
  // The 22nd field; the second one, the program's name in parentheses, may hold spaces.
  const started = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  return `${pid} ${started}`;
}

/** @param {string} holders one a line */
function isAlive(holders) {
  return holders.split("\n").some((holder) => {
    const pid = Number.parseInt(holder, 10);
    if (!Number.isInteger(pid) || pid <= 0) return false;
    try {
      process.kill(pid, 0);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    }
    return holderName(pid) === holder;
  });
}

/**
 * Removes the lock of a dead holder. Between reading and renaming another process may have done the same and
 * locked anew: then what was renamed is alive, and goes back.
 * @param {string} lock
 * @param {string} dead
 */
function takeAway(lock, dead) {
  const aside = `${lock}.${randomUUID()}`;
  try {
    fs.renameSync(lock, aside);
  } catch {
    return;
  }
  if (readHolder(aside) !== dead) tryLink(aside, lock);
  fs.rmSync(aside, { force: true });
}
