/** The `completion` command: a script for a shell, made from the commands themselves. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly {
    readonly name: string;
    readonly values: readonly string[];
    readonly hasValue: boolean;
  }[];
}

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function completion(shell: Shell, commands: readonly CompletedCommand[]): string {
  if (shell === 'fish') return fish(commands);
  const script = bash(commands);
  return shell === 'bash' ? script : `autoload -U +X bashcompinit && bashcompinit\n${script}`;
}

function bash(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name);
  const cases = commands.map(
    ({ name, options }) =>
      `    ${name}) words='${[...options.map((option) => option.name), ...(name === 'completion' ? shells : [])].join(' ')}' ;;`,
  );
  const values = new Map(commands.flatMap(({ options }) => options.map((option) => [option.name, option.values])));
  const chosen = [...values].flatMap(([name, of]) =>
    of.length === 0 ? [] : [`    ${name}) words='${of.join(' ')}' ;;`],
  );
  return `_acr_replication() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${names.join('|')}) command=$word; break ;; esac
  done
  case $command in
    '') words='${[...names, '--url', '--key', '--help', '--version'].join(' ')}' ;;
${cases.join('\n')}
  esac
  case $before in
${chosen.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _acr_replication acr-replication`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ name, description, options }) => [
    `complete -c acr-replication -n __fish_use_subcommand -f -a ${name} -d ${quoted(description)}`,
    ...options.map(({ name: option, values, hasValue }) => {
      const given = values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : hasValue ? ' -x' : '';
      return `complete -c acr-replication -n '__fish_seen_subcommand_from ${name}' -l ${option.replace(/^--/, '')}${given}`;
    }),
  ]);
  const shellLine = `complete -c acr-replication -n '__fish_seen_subcommand_from completion' -f -a '${shells.join(' ')}'`;
  return [...lines, shellLine].join('\n');
}
