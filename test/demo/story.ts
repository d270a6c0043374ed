import { styleText } from "node:util";

/** Tells what happens, step by step, with the seconds since the start. Colours only on a terminal. */
export class Story {
  readonly #startedAt = performance.now();
  #step = 0;

  /** A new step of the story. */
  step(title: string): void {
    this.#step += 1;
    console.log(`\n${this.#style("bold", `${this.#step}. ${title}`)}  ${this.#style("dim", this.#since())}`);
  }

  /** A fact of the running step. */
  say(line: string): void {
    for (const part of line.split("\n")) console.log(`   ${part}`);
  }

  /** What goes on behind it; progress for whoever waits. */
  note(line: string): void {
    console.log(`   ${this.#style("dim", `· ${line}`)}`);
  }

  done(line: string): void {
    console.log(`\n${this.#style("green", line)}  ${this.#style("dim", this.#since())}`);
  }

  #style(style: "bold" | "dim" | "green", text: string): string {
    return process.stdout.isTTY ? styleText(style, text) : text;
  }

  #since(): string {
    return `${((performance.now() - this.#startedAt) / 1000).toFixed(1)} s`;
  }
}
