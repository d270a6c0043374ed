/** An argument that is wrong. Its message names the argument, and says what is expected. */
export class ArgumentMistake extends Error {
  readonly code = "argument";
  constructor(argument: string, expected: string) {
    super(`${quote(argument)}: ${expected}`);
    this.name = "ArgumentMistake";
  }
}

/** What somebody typed, as one line that steers no terminal. */
function quote(argument: string): string {
  const line = argument.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "?");
  const points = [...line];
  return points.length > LONGEST ? `${points.slice(0, LONGEST).join("")}…` : line;
}

const LONGEST = 200;
