/** Lets one task run at a time, in the order of asking. Not reentrant. */
export interface Lock {
  run<Result>(task: () => Promise<Result>): Promise<Result>;
}

export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run: (task) => {
      const result = last.then(task);
      last = result.catch(() => {});
      return result;
    },
  };
}
