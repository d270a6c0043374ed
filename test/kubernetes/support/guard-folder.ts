import { spawn } from "node:child_process";
import { once } from "node:events";

// A pipe ends with the process that holds its other end, however that died. A folder that only we know is a surer sign
// of ours than a process id, which may be somebody else's by then.
const script = `
read -r _
for process in /proc/[0-9]*; do
  if [ "$(readlink "$process/cwd")" = "$1" ]; then kill -KILL "\${process#/proc/}"; fi
done 2>/dev/null
rm -rf "$1"
`;

/**
 * From now on, when this process ends without having called what is answered here, the programs that work in `folder`
 * are ended and the folder is removed, so that a killed test leaves no cluster running.
 */
export function guardFolder(folder: string): () => Promise<void> {
  // Detached: what ends all of a terminal's programs must not end this one first.
  const guard = spawn("/bin/sh", ["-c", script, "sh", folder], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = once(guard, "exit");
  return async () => {
    guard.stdin.end();
    await ended;
  };
}
