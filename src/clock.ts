/** Milliseconds since the epoch. The only place that reads the machine's clock; everything else is handed one. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
