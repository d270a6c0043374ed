/** Where a repository has its prices, unless a run names another file. */
export const PRICES_PATH = "ops/infra-scale/prices.yaml";
