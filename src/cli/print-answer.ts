/** Prints the answer on stdout: JSON for programs, else the text. */
export function printAnswer(flags: { json?: boolean }, answer: unknown, text: string): void {
  console.log(flags.json ? JSON.stringify(answer, null, 2) : text);
}
