/** Said of a pull request whose head is not, or no longer known to be, a commit of ours. */
export const HANDS_OFF =
  "Somebody has pushed to this branch, or has taken our mark out of this text, so nothing of ours touches or merges it any more. Review and merge it by hand, or delete the branch: the next demand opens a new one.";
