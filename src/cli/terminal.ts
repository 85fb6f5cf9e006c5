/**
 * What a stream can show. A wrong guess fills a build's log with escape sequences, or leaves a terminal without live
 * progress.
 */

import type { Output } from './cli-context.ts';
import type { Environment } from './environment.ts';

const isSet = (text: string | undefined) => text !== undefined && text !== '';
const isOn = (text: string | undefined) => isSet(text) && text !== '0' && text !== 'false';

/** Whether lines can be rewritten in place. A build agent may have a terminal that nobody reads. */
export function isLive(output: Output, environment: Environment): boolean {
  return output.isTTY === true && environment.TERM !== 'dumb' && !isOn(environment.CI);
}

/** https://no-color.org; FORCE_COLOR wins, as in Node itself. */
export function hasColor(output: Output, environment: Environment): boolean {
  if (isSet(environment.FORCE_COLOR)) return isOn(environment.FORCE_COLOR);
  return !isSet(environment.NO_COLOR) && environment.TERM !== 'dumb' && output.isTTY === true;
}

const codes = { red: 31, green: 32, yellow: 33, dim: 2 } as const;

export type Paint = (color: keyof typeof codes, text: string) => string;

export function painter(output: Output, environment: Environment): Paint {
  if (!hasColor(output, environment)) return (_color, text) => text;
  return (color, text) => `\u001b[${codes[color]}m${text}\u001b[0m`;
}
