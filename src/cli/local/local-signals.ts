/** How a process that serves is told things from outside. */
export type LocalSignals = {
  /** Resolves with the first SIGTERM or SIGINT. */
  stopped: Promise<NodeJS.Signals>;
  /** Called on the second one. */
  onImpatience: (listener: () => void) => void;
  onHangup: (listener: () => void) => void;
};

/** Listens to this process's signals from now on. */
export function listenToSignals(): LocalSignals {
  const { promise: stopped, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let impatient = () => {};
  // One that came before anybody listens would end the process; what it asks to be read is read at the start anyhow.
  let hangup = () => {};
  process.on("SIGHUP", () => hangup());
  let count = 0;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      count += 1;
      if (count === 1) resolve(signal);
      else impatient();
    });
  }
  return {
    stopped,
    onImpatience: (listener) => {
      impatient = listener;
    },
    onHangup: (listener) => {
      hangup = listener;
    },
  };
}
