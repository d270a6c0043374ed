import type { GlobalPower, Module } from "./read-module.ts";

/** A module that breaks a rule; the sentence names the file, the line and the rule. */
export type Violation = string;

/** Paths are prefixes: a folder ends in "/", a file in ".ts", and "src/forge/github-" means all that begin so. */
interface LayerRule {
  layer: string;
  mayImport: readonly string[];
  /** Where given, the only packages. */
  packages?: readonly string[];
}

/** What a layer may know of the outside: the forge as an interface, the clock as a function, the ledger's format, and which of its entries count. */
const interfaces = [
  "src/forge/forge.ts",
  "src/forge/guard-forge.ts",
  "src/forge/plan-forge.ts",
  "src/forge/plan-receipt-forge.ts",
  "src/forge/onboarding-forge.ts",
  "src/forge/controls-forge.ts",
  "src/forge/comment-forge.ts",
  "src/forge/status-issue-forge.ts",
  "src/apply/apply-forge.ts",
  "src/notify/notifier.ts",
  "src/clock.ts",
  "src/ledger/entry.ts",
  "src/ledger/change-entry.ts",
  "src/ledger/ledger-judge.ts",
  "src/ledger/attestation.ts",
  "src/ledger/request-id-token.ts",
];

/** Who may import what of ours. The first layer that matches a file is its layer; each may import itself. */
export const layerRules: readonly LayerRule[] = [
  // Hashing is as pure as adding; nothing else of Node's is.
  { layer: "src/domain/", mayImport: [], packages: ["zod", "yaml", "node:crypto"] },
  { layer: "src/sources/", mayImport: ["src/domain/"] },
  { layer: "src/kubernetes/", mayImport: ["src/domain/"] },
  { layer: "src/apply/", mayImport: ["src/domain/", "src/durable-file.ts", ...interfaces] },
  { layer: "src/ledger/", mayImport: ["src/domain/", ...interfaces] },
  { layer: "src/delivery/", mayImport: ["src/domain/", ...interfaces] },
  { layer: "src/notify/", mayImport: ["src/domain/", ...interfaces] },
  {
    layer: "src/workflows/",
    mayImport: [
      "src/domain/",
      "src/delivery/",
      "src/kubernetes/judge-plan-pull.ts",
      "src/kubernetes/apply/plan-place.ts",
      "src/kubernetes/apply/plan-receipt.ts",
      ...interfaces,
    ],
  },
  { layer: "src/forge/", mayImport: ["src/domain/", "src/durable-file.ts", ...interfaces] },
  {
    layer: "src/http/",
    mayImport: ["src/domain/", "src/workflows/", "src/sources/", ...interfaces],
  },
  // Composition roots: the only places that put adapters together.
  { layer: "src/main.ts", mayImport: ["src/"] },
  { layer: "src/index.ts", mayImport: ["src/"] },
  { layer: "src/cli/", mayImport: ["src/"] },
  { layer: "src/clock.ts", mayImport: [] },
  { layer: "src/", mayImport: ["src/domain/", ...interfaces] },
  {
    layer: "action/",
    mayImport: ["src/domain/", "src/ledger/", "src/apply/", "src/kubernetes/", "src/forge/", "src/clock.ts"],
  },
];

interface PowerRule {
  power: string;
  /** Packages by name, a trailing "/" for a whole scope. */
  packages: readonly string[];
  global?: GlobalPower;
  homes: readonly string[];
}

/** One home per power. */
export const powerRules: readonly PowerRule[] = [
  {
    power: "the environment",
    packages: ["node:process", "process", "dotenv"],
    global: "environment",
    homes: ["src/settings.ts", "src/cli/", "action/inputs.ts"],
  },
  {
    power: "the clock",
    packages: ["node:perf_hooks", "perf_hooks"],
    global: "clock",
    homes: ["src/clock.ts"],
  },
  {
    power: "child processes",
    packages: ["node:child_process", "child_process", "execa", "cross-spawn"],
    homes: ["src/forge/git.ts", "src/apply/", "src/cli/demo/start-sidecar-process.ts"],
  },
  {
    power: "GitHub's client",
    packages: ["@octokit/", "octokit", "probot"],
    homes: ["src/forge/github-", "src/index.ts", "src/main.ts"],
  },
  { power: "Kubernetes' client", packages: ["@kubernetes/"], homes: ["src/kubernetes/cluster/"] },
  { power: "e-mail", packages: ["nodemailer"], homes: ["src/notify/email.ts"] },
  { power: "Pulumi", packages: ["@pulumi/"], homes: ["src/apply/"] },
];

/** The one package of which tests may use a single file's worth: a mock of HTTP proves little about a server. */
const mockPackage = "nock";

/** Every rule, on every module of src, action and test. */
export function findViolations(modules: readonly Module[]): Violation[] {
  const product = modules.filter(({ file }) => file.startsWith("src/") || file.startsWith("action/"));
  return [
    ...product.flatMap(checkLayer),
    ...product.flatMap(checkPowers),
    ...product.flatMap(checkSpecifiers),
    ...findCycles(product),
    ...checkMock(modules),
  ];
}

function checkLayer(module: Module): Violation[] {
  const rule = layerRules.find(({ layer }) => module.file.startsWith(layer));
  if (rule === undefined) return [`${module.file}: no layer is known for it; add one to layerRules`];
  return module.imports.flatMap(({ specifier, target, line }) => {
    if (target === undefined) {
      if (rule.packages === undefined || rule.packages.includes(specifier)) return [];
      return [
        `${module.file}:${line} imports ${specifier}: ${rule.layer} may import only ${list(rule.packages)}`,
      ];
    }
    // A file right under src/ is a layer of its own.
    const allowed = rule.layer === "src/" ? rule.mayImport : [rule.layer, ...rule.mayImport];
    if (allowed.some((prefix) => target.startsWith(prefix))) return [];
    return [`${module.file}:${line} imports ${target}: ${rule.layer} may import only ${list(allowed)}`];
  });
}

function checkPowers(module: Module): Violation[] {
  return powerRules
    .filter(({ homes }) => !homes.some((home) => module.file.startsWith(home)))
    .flatMap(({ power, packages, global, homes }) => {
      const lines = [
        ...module.imports.filter(({ specifier }) => packages.some((name) => isOf(specifier, name))),
        ...module.globals.filter(({ name }) => name === global),
      ].map(({ line }) => line);
      return lines.map((line) => `${module.file}:${line} uses ${power}: its home is ${list(homes)}`);
    });
}

function checkSpecifiers(module: Module): Violation[] {
  return module.imports
    .filter(({ target }) => target !== undefined && !/\.(ts|json)$/.test(target))
    .map(
      ({ specifier, line }) =>
        `${module.file}:${line} imports ${specifier}: Node runs the sources as they are, so the name ends in .ts`,
    );
}

function checkMock(modules: readonly Module[]): Violation[] {
  const users = modules.filter(({ imports }) => imports.some(({ specifier }) => specifier === mockPackage));
  if (users.length <= 1) return [];
  return [
    `${list(users.map(({ file }) => file))} import ${mockPackage}: one test file may; the others use the stand-in`,
  ];
}

/** Each cycle once, as the way round. */
function findCycles(modules: readonly Module[]): Violation[] {
  const targets = new Map(modules.map(({ file, imports }) => [file, imports.map(({ target }) => target)]));
  const finished = new Set<string>();
  const cycles: Violation[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    const start = way.indexOf(file);
    if (start !== -1) cycles.push(`${[...way.slice(start), file].join(" → ")}: no cycles`);
    if (start !== -1 || finished.has(file)) return;
    for (const target of targets.get(file) ?? []) if (target !== undefined) visit(target, [...way, file]);
    finished.add(file);
  };
  for (const { file } of modules) visit(file, []);
  return cycles;
}

function isOf(specifier: string, name: string): boolean {
  return name.endsWith("/")
    ? specifier.startsWith(name)
    : specifier === name || specifier.startsWith(`${name}/`);
}

function list(names: readonly string[]): string {
  return names.join(", ");
}
