/** A value that every language of Pulumi has a literal for. */
export type ExampleValue =
  | string
  | number
  | boolean
  | readonly string[]
  | { readonly [name: string]: string | number | boolean };

type ContractField = { name: string; value: ExampleValue; comment: string; optional: boolean };

/** All fields of a pool in a contract, in the order in which an example shows them. */
export const CONTRACT_FIELDS: readonly ContractField[] = [
  {
    name: "targetUrn",
    value: "",
    comment: "What a targeted up touches. May be a list, with Pulumi's * and **.",
    optional: false,
  },
  {
    name: "configKey",
    value: "workerCount",
    comment:
      'The value in the stack file. Inside of a list or a map: configPath instead, as in "pools[0].count".',
    optional: false,
  },
  {
    name: "strategy",
    value: "incremental",
    comment: 'Alerts move it by a step; "absolute": alerts bring the value.',
    optional: false,
  },
  { name: "min", value: 1, comment: "Never fewer than this.", optional: false },
  { name: "max", value: 10, comment: "Never more than this.", optional: false },
  { name: "cooldown", value: 300, comment: "Seconds after a change before the next one.", optional: false },
  {
    name: "scaleInCooldown",
    value: 900,
    comment: "Seconds after a change before it may shrink, where that is not `cooldown`.",
    optional: true,
  },
  { name: "step", value: 1, comment: "How far one alert moves it.", optional: true },
  {
    name: "targetDependents",
    value: false,
    comment: "Whether what depends on the target is updated with it.",
    optional: true,
  },
  {
    name: "approval",
    value: { above: 20, changeOver: "50%", partial: true },
    comment: "A person approves what goes above a value, or changes more at once; partial: up to there now.",
    optional: true,
  },
  {
    name: "unitCost",
    value: { amount: 0.096, currency: "USD", per: "hour" },
    comment: "What one unit costs.",
    optional: true,
  },
  { name: "aliases", value: [], comment: "Former names of the pool.", optional: true },
];
