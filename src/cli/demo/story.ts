import { systemClock } from "../../clock.ts";
import { styled } from "../styled.ts";

/** Tells what happens, step by step, with the seconds since the start. Colours only where stdout is a terminal that wants them. */
export class Story {
  readonly #startedAt = systemClock();
  #steps = 0;

  step(title: string): void {
    this.#steps += 1;
    console.log(`\n${styled("bold", `${this.#steps}. ${title}`)}  ${this.#since()}`);
  }

  /** A fact of the step, of one line or more. */
  say(text: string): void {
    for (const line of text.split("\n")) console.log(`   ${line}`.trimEnd());
  }

  /** What goes on behind it. */
  note(line: string): void {
    console.log(`   ${styled("dim", `· ${line}`)}`);
  }

  done(line: string): void {
    console.log(`\n${styled("green", line)}  ${this.#since()}`);
  }

  end(line: string): void {
    console.log(`\n${line}`);
  }

  #since(): string {
    return styled("dim", `${((systemClock() - this.#startedAt) / 1000).toFixed(1)} s`);
  }
}
