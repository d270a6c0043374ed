import type { JobContext } from "./job-context.ts";
import { parseWorkflowCommand } from "./workflow-command.ts";

/** Reads a step's output line by line: obeys the commands in it and writes the rest to the log. */
export function createCommandReader(
  job: Pick<JobContext, "masks" | "annotations">,
  write: (line: string) => void,
): (line: string) => void {
  let resumeToken: string | null = null;
  return (line) => {
    const command = parseWorkflowCommand(line);
    if (resumeToken !== null) {
      if (command?.name === resumeToken.toLowerCase()) resumeToken = null;
      else write(line);
      return;
    }
    switch (command?.name) {
      case "add-mask":
        job.masks.add(command.message);
        return write("::add-mask::***");
      case "error":
      case "warning":
      case "notice":
        job.annotations.push({ level: command.name, message: job.masks.hide(command.message) });
        return write(`##[${command.name}]${command.message}`);
      case "group":
        return write(`##[group]${command.message}`);
      case "endgroup":
        return write("##[endgroup]");
      case "debug":
        return;
      case "stop-commands":
        resumeToken = command.message;
        return;
      default:
        return write(line);
    }
  };
}
