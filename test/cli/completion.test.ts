/** What each shell offers: bash is asked, of the others the script is read. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { listableStates } from '../../src/core/query/list-images.ts';
import { callCommand } from '../support/call-command.ts';

const scripts = { bash: '', zsh: '', fish: '' };
const commands = ['wait', 'status', 'images', 'releases', 'waiting', 'replicas', 'events', 'replay', 'completion'];
const everywhere = ['--url', '--key', '--help'];

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) scripts[shell] = (await callCommand(['completion', shell])).out;
});

/** @param words as bash splits them; the last is what is being typed */
async function bashOffers(...words: string[]): Promise<string[]> {
  const program = `${scripts.bash}
    COMP_WORDS=(acr-replication "$@"); COMP_CWORD=$#
    compopt() { echo "not by default: $*" >&2; }
    _acr_replication
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['-uc', program, 'bash', ...words]);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('bash', () => {
  test.each<[string[], string[]]>([
    [[''], [...commands, 'help', ...everywhere, '--version']],
    [['im'], ['images']],
    [['--url', 'http', ':', '//x', 'im'], ['images']],
    [['--key', 'wait', 'im'], ['images']],
    [
      ['help', 're'],
      ['releases', 'replicas', 'replay'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish', ...everywhere],
    ],
    [
      ['wait', '-o', ''],
      ['text', 'json'],
    ],
    [['wait', '--output', 'j'], ['json']],
    [
      ['wait', '--output', '='],
      ['text', 'json'],
    ],
    [['wait', '--output', '=', 'j'], ['json']],
    [
      ['images', '-o', ''],
      ['text', 'wide', 'json'],
    ],
    [
      ['images', '--output', ''],
      ['text', 'wide', 'json'],
    ],
    [['replicas', '--output', 'w'], ['wide']],
    [
      ['releases', '-'],
      ['--limit', '--output', ...everywhere],
    ],
    [
      ['waiting', '-'],
      ['--registry', '--output', ...everywhere],
    ],
    [['waiting', '-o', 'w'], ['wide']],
    [['status', '--p'], ['--platforms']],
    [['images', '--state', 'deleting'], ['deleting']],
    [['images', '--state', ''], [...listableStates]],
    [['wait', '--u'], ['--url']],
    [['replicas', '--k'], ['--key']],
    [
      ['wait', '--re'],
      ['--release', '--regions', '--require'],
    ],
    // What the shell offers by itself: files.
    [['wait', '-f', ''], []],
    [['status', 'a.io/b:1', '--file', ''], []],
    [['wait', '--regions', ''], []],
    [['wait', '--url', ''], []],
  ])('after %j offers %j', async (words, offered) => {
    expect(await bashOffers(...words)).toEqual(offered);
  });

  test('offers files for a file, and for no other value', async () => {
    expect(scripts.bash).toMatch(/^complete -o default -F _acr_replication acr-replication$/m);
    const [file, regions] = ['wait:--file|wait:-f', 'wait:--regions'].map((pattern) =>
      scripts.bash.split('\n').find((line) => line.trim().startsWith(`${pattern})`)),
    );
    expect(file).not.toContain('compopt');
    expect(regions).toContain('compopt +o default');
  });
});

test('zsh reads the script of bash, which has no name after a colon', () => {
  expect(scripts.bash).not.toMatch(/:[A-Z_]/);
  expect(scripts.zsh).toBe(`autoload -U +X bashcompinit && bashcompinit\n${scripts.bash}`);
});

test.each([
  "complete -c acr-replication -n '__fish_seen_subcommand_from wait' -l file -s f -r -F",
  "complete -c acr-replication -n '__fish_seen_subcommand_from wait' -l output -s o -x -a 'text json'",
  "complete -c acr-replication -n '__fish_seen_subcommand_from images' -l output -s o -x -a 'text wide json'",
  "complete -c acr-replication -n '__fish_seen_subcommand_from releases' -l output -s o -x -a 'text wide json'",
  "complete -c acr-replication -n '__fish_seen_subcommand_from waiting' -l registry -x",
  "complete -c acr-replication -n '__fish_seen_subcommand_from wait' -l regions -x",
  "complete -c acr-replication -n '__fish_seen_subcommand_from wait' -l strict",
  'complete -c acr-replication -l url -x',
  'complete -c acr-replication -l key -x',
  'complete -c acr-replication -f',
])('fish: %s', (line) => {
  expect(scripts.fish.split('\n')).toContain(line);
});
