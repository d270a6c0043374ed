/** On a gated pull request: a person is asked. */
export const APPROVAL_LABEL = "needs-approval";
/** On one that we closed at a person's word. */
export const REJECTED_LABEL = "scale-rejected";
/** On one that takes back a value that could not be applied. */
export const REVERT_LABEL = "scale-revert";
/** On the one issue that shows how the pools of a repository stand. */
export const STATUS_LABEL = "pulumiscale-status";
