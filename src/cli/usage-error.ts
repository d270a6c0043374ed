/** A flag or a variable is missing or wrong: exit code 2. */
export class UsageError extends Error {
  readonly code = "usage";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UsageError";
  }
}
