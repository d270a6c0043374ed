import type { Command, Option } from "commander";
import { quoteShell } from "../domain/quote-shell.ts";

export type Shell = "bash" | "zsh" | "fish";

/** A script that completes the commands and options of a command line, made of the command line itself. */
export function formatCompletions(shell: Shell, program: Command): string {
  const help = program.createHelp();
  const describe = (command: Command): CompletedCommand => {
    const below = command.commands.length === 0 ? [] : help.visibleCommands(command);
    return {
      name: command.name(),
      description: command.summary() || command.description(),
      options: help.visibleOptions(command).map(describeOption),
      words: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
      commands: below.filter((each) => each.name() !== "help").map(describe),
    };
  };
  const commands = help.visibleCommands(program).map(describe);
  const options = help.visibleOptions(program).map(describeOption);
  return `${FORMATS[shell](program.name(), commands, options).join("\n")}\n`;
}

type CompletedOption = { name: string; description: string; value: Value; choices: readonly string[] };
type CompletedCommand = {
  name: string;
  description: string;
  options: readonly CompletedOption[];
  /** What an argument may be. */
  words: readonly string[];
  /** The commands below it, as `create` of `app create`. */
  commands: readonly CompletedCommand[];
};
/** What an option takes: `stack` is completed from the stack files of the working directory. */
type Value = "nothing" | "directory" | "stack" | "other";
type Format = (
  program: string,
  commands: readonly CompletedCommand[],
  options: readonly CompletedOption[],
) => string[];

function describeOption({ long, short, description, required, flags, argChoices }: Option): CompletedOption {
  const name = long ?? short ?? "";
  const isDirectory = name === "--dir" || /<dir\b/.test(flags);
  const value = !required ? "nothing" : isDirectory ? "directory" : name === "--stack" ? "stack" : "other";
  return { name, description, value, choices: argChoices ?? [] };
}

const formatBash: Format = (program, commands, options) => {
  const all = [...options, ...commands.flatMap(withThoseBelow).flatMap((command) => command.options)];
  const withValue = all.filter(({ value }) => value === "other");
  const names = (value: Value) => namesOf(all.filter((option) => option.value === value)).join("|");
  const chosen = withValue.filter(({ choices }) => choices.length > 0);
  return [
    `# bash: source <(${program} completions bash)`,
    `_${program}() {`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
    "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words= IFS=$' \\t\\n'",
    "  COMPREPLY=()",
    '  case "$before" in',
    ...cases(names("directory"), "IFS=$'\\n'; COMPREPLY=($(compgen -d -- \"$word\")); return"),
    ...cases(
      names("stack"),
      `IFS=$'\\n'; COMPREPLY=($(compgen -W "$(_${program}_stacks)" -- "$word")); return`,
    ),
    ...chosen.map(
      ({ name, choices }) =>
        `    ${name}) COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$word")); return ;;`,
    ),
    ...cases(namesOf(withValue.filter((option) => !chosen.includes(option))).join("|"), "return"),
    "  esac",
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words="${[...commands.map(({ name }) => name), ...namesOf(options)].join(" ")}"`,
    "  else",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
    '    case "${COMP_WORDS[1]} ${COMP_WORDS[2]}" in',
    ...commands.flatMap(({ name, commands: below }) =>
      below.map((each) => `      "${name} ${each.name}") words="${bashWords(each)}" ;;`),
    ),
    ...commands.map((command) => `      "${command.name} "*) words="${bashWords(command)}" ;;`),
    "    esac",
    "  fi",
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    "}",
    ...stackFunction(`_${program}_stacks`),
    `complete -F _${program} ${program}`,
  ];
};

function bashWords({ words, commands, options }: CompletedCommand): string {
  return [...words, ...commands.map(({ name }) => name), ...namesOf(options)].join(" ");
}

function withThoseBelow(command: CompletedCommand): CompletedCommand[] {
  return [command, ...command.commands];
}

const formatZsh: Format = (program, commands, options) => [
  `#compdef ${program}`,
  `# zsh: source <(${program} completions zsh), or write it to a file _${program} in a folder of $fpath`,
  `_${program}() {`,
  "  local -a commands stacks",
  "  commands=(",
  ...commands.map(({ name, description }) => `    ${quoteShell(`${name}:${description}`)}`),
  "  )",
  "  if (( CURRENT == 2 )); then",
  "    _describe -t commands command commands",
  `    _arguments ${options.map(zshOption).join(" ")}`,
  "    return",
  "  fi",
  "  shift words",
  "  (( CURRENT -= 1 ))",
  `  stacks=(\${(f)"$(_${program}_stacks)"})`,
  ...commands.flatMap(({ name, commands: below }) =>
    below.map(
      (each) =>
        `  if [ "$words[1] $words[2]" = ${quoteShell(`${name} ${each.name}`)} ]; then words[1]=(); (( CURRENT -= 1 )); fi`,
    ),
  ),
  '  case "$words[1]" in',
  ...[...commands, ...commands.flatMap(({ commands: below }) => below)].flatMap((command) => [
    `    ${command.name})`,
    `      _arguments ${[...command.options.map(zshOption), ...zshWords(command)].join(" \\\n        ")} ;;`,
  ]),
  "  esac",
  "}",
  ...stackFunction(`_${program}_stacks`, "  setopt local_options null_glob"),
  // Read from a file of $fpath it is the function's own first call; sourced it registers the function.
  `if [ "$funcstack[1]" = "_${program}" ]; then _${program} "$@"; else compdef _${program} ${program}; fi`,
];

const formatFish: Format = (program, commands, options) => [
  `# fish: ${program} completions fish | source`,
  `function __${program}_stacks`,
  "  for file in Pulumi.*.yaml Pulumi.*.yml",
  "    string replace -r '^Pulumi\\.(.*)\\.ya?ml$' '$1' -- $file",
  "  end",
  "end",
  `complete -c ${program} -f`,
  ...options.map((option) => fishOption(program, "__fish_use_subcommand", option)),
  ...commands.flatMap(({ name, description, options: own, words, commands: below }) => {
    const seen = quoteFish(`__fish_seen_subcommand_from ${name}`);
    return [
      ...below.flatMap((each) => {
        const within = quoteFish(
          `__fish_seen_subcommand_from ${name}; and __fish_seen_subcommand_from ${each.name}`,
        );
        return [
          `complete -c ${program} -n ${seen} -a ${each.name} -d ${quoteFish(each.description)}`,
          ...each.options.map((option) => fishOption(program, within, option)),
        ];
      }),
      `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${quoteFish(description)}`,
      ...own.map((option) => fishOption(program, seen, option)),
      ...(words.length === 0 ? [] : [`complete -c ${program} -n ${seen} -a ${quoteFish(words.join(" "))}`]),
    ];
  }),
];

const FORMATS: Readonly<Record<Shell, Format>> = { bash: formatBash, zsh: formatZsh, fish: formatFish };

/** Prints the stacks that have a file in the working directory. */
function stackFunction(name: string, ...settings: readonly string[]): string[] {
  return [
    `${name}() {`,
    "  local file",
    ...settings,
    "  for file in Pulumi.*.yaml Pulumi.*.yml; do",
    '    [ -f "$file" ] || continue',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
    "    file=${file#Pulumi.}; file=${file%.yml}; printf '%s\\n' \"${file%.yaml}\"",
    "  done",
    "}",
  ];
}

function cases(pattern: string, action: string): string[] {
  return pattern === "" ? [] : [`    ${pattern}) ${action} ;;`];
}

function zshOption({ name, description, value, choices }: CompletedOption): string {
  const option = `${name}[${description.replace(/[\]\\]/g, "\\$&")}]`;
  if (value === "nothing") return quoteShell(option);
  const action =
    value === "directory" ? "_directories" : value === "stack" ? "($stacks)" : `(${choices.join(" ")})`;
  // Double quotes around the stacks alone: the shell is to fill them in.
  return value === "stack"
    ? `${quoteShell(`${option}:value:`)}"${action}"`
    : quoteShell(`${option}:value:${choices.length > 0 || value !== "other" ? action : " "}`);
}

function zshWords({ words, commands }: CompletedCommand): string[] {
  const all = [...words, ...commands.map(({ name }) => name)];
  return all.length === 0 ? [] : [quoteShell(`1:value:(${all.join(" ")})`)];
}

function fishOption(
  program: string,
  condition: string,
  { name, description, value, choices }: CompletedOption,
): string {
  const takes: Record<Value, string> = {
    nothing: "",
    directory: " -x -a '(__fish_complete_directories)'",
    stack: ` -x -a '(__${program}_stacks)'`,
    other: choices.length === 0 ? " -x" : ` -x -a ${quoteFish(choices.join(" "))}`,
  };
  return `complete -c ${program} -n ${condition} -l ${name.replace(/^--/, "")}${takes[value]} -d ${quoteFish(description)}`;
}

function namesOf(options: readonly CompletedOption[]): string[] {
  return [...new Set(options.map(({ name }) => name))];
}

function quoteFish(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
