/** The `completion` command: a script for a shell, made from the commands themselves. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
}

export interface CompletedOption {
  /** With its dashes. */
  readonly name: string;
  /** With its dash. */
  readonly short: string | undefined;
  readonly values: readonly string[];
  readonly hasValue: boolean;
}

interface Completed {
  readonly commands: readonly CompletedCommand[];
  /** Valid before a command, and after each. */
  readonly everywhere: readonly CompletedOption[];
  /** Valid before a command only. */
  readonly atFirst: readonly CompletedOption[];
}

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function completion(shell: Shell, completed: Completed): string {
  if (shell === 'fish') return fish(completed);
  const script = bash(completed);
  return shell === 'bash' ? script : `autoload -U +X bashcompinit && bashcompinit\n${script}`;
}

/** This option's value is a file name, which the shell completes by itself. */
const fileOption = '--file';

const namesOf = (options: readonly CompletedOption[]) => options.map(({ name }) => name);

/** `--output=text` is three words in bash, and one in zsh. In zsh, a colon in the text would start a modifier. */
function bash({ commands, everywhere, atFirst }: Completed): string {
  const names = commands.map(({ name }) => name);
  const cases = commands.map(({ name, options }) => {
    const words = [...(name === 'completion' ? shells : []), ...namesOf(options), ...namesOf(everywhere)];
    return `    ${name}) words='${words.join(' ')}' ;;`;
  });
  const withValues = [
    ...commands.flatMap(({ name, options }) => options.map((option) => ({ command: name, option }))),
    ...everywhere.map((option) => ({ command: '*', option })),
  ].filter(({ option }) => option.hasValue);
  const values = withValues.map(({ command, option }) => {
    const pattern = formsOf(option)
      .map((form) => `${command}:${form}`)
      .join('|');
    if (option.name === fileOption) return `    ${pattern}) COMPREPLY=(); return ;;`;
    if (option.values.length > 0) return `    ${pattern}) words='${option.values.join(' ')}' ;;`;
    // A value of unknown kind: complete nothing, in particular no file names.
    return `    ${pattern}) compopt +o default 2>/dev/null; COMPREPLY=(); return ;;`;
  });
  return `_acr_replication() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command='' words='' word last=''
  if [[ $current == '=' ]]; then current=''
  elif [[ $before == '=' ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    case $last in ${everywhere
      .filter(({ hasValue }) => hasValue)
      .flatMap(formsOf)
      .join('|')}) last=''; continue ;; esac
    case $word in ${[...names, 'help'].join('|')}) command=$word; break ;; esac
    last=$word
  done
  case $command in
    '') words='${[...names, 'help', ...namesOf(everywhere), ...namesOf(atFirst)].join(' ')}' ;;
    help) words='${names.join(' ')}' ;;
${cases.join('\n')}
  esac
  case $command:$before in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _acr_replication acr-replication`;
}

function formsOf({ name, short }: CompletedOption): string[] {
  return short === undefined ? [name] : [name, short];
}

function fish({ commands, everywhere, atFirst }: Completed): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "\\'")}'`;
  const atStart = '-n __fish_use_subcommand';
  const after = (name: string) => `-n '__fish_seen_subcommand_from ${name}'`;
  const optionLine = (when: string, { name, short, values, hasValue }: CompletedOption) => {
    const forms = `-l ${name.replace(/^--/, '')}${short === undefined ? '' : ` -s ${short.replace(/^-/, '')}`}`;
    if (name === fileOption) return line(when, `${forms} -r -F`);
    return line(when, `${forms}${values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : hasValue ? ' -x' : ''}`);
  };
  const line = (...words: readonly string[]) => ['complete -c acr-replication', ...words.filter(Boolean)].join(' ');
  return [
    // Images are not files, so no file names are offered.
    line('-f'),
    ...everywhere.map((option) => optionLine('', option)),
    ...atFirst.map((option) => optionLine(atStart, option)),
    ...commands.flatMap(({ name, description, options }) => [
      line(atStart, `-f -a ${name} -d ${quoted(description)}`),
      ...options.map((option) => optionLine(after(name), option)),
    ]),
    line(atStart, "-f -a help -d 'say more about a command'"),
    line(after('help'), `-f -a ${quoted(commands.map(({ name }) => name).join(' '))}`),
    line(after('completion'), `-f -a ${quoted(shells.join(' '))}`),
  ].join('\n');
}
