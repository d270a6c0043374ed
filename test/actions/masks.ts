/** What a run has written, without its secrets. */
export interface Masks {
  /** Hides a value, and each line of it, from now on. */
  add(secret: string): void;
  hide(text: string): string;
}

export function createMasks(): Masks {
  let secrets: string[] = [];
  return {
    add: (secret) => {
      const parts = [secret, ...secret.split(/\r?\n/)].filter((part) => part.trim() !== "");
      // The longest first, so that a secret within a secret leaves nothing of the other.
      secrets = [...new Set([...secrets, ...parts])].sort((a, b) => b.length - a.length);
    },
    hide: (text) => secrets.reduce((hidden, secret) => hidden.replaceAll(secret, "***"), text),
  };
}
