/** One colour for each meaning, in all tables. */
import type { Paint } from './terminal.ts';

const colors: Record<string, Parameters<Paint>[0]> = {
  available: 'green',
  converged: 'green',
  healthy: 'green',
  ok: 'green',
  published: 'green',
  replicating: 'yellow',
  converging: 'yellow',
  missing: 'yellow',
  pending: 'yellow',
  unverified: 'yellow',
  unknown: 'dim',
  deleted: 'dim',
  deleting: 'yellow',
  delayed: 'red',
  diverged: 'red',
  unhealthy: 'red',
  disabled: 'red',
  misconfigured: 'red',
};

/** @param text begins with a state; more text may follow */
export function stateColor(text: string): Parameters<Paint>[0] | undefined {
  const [word = ''] = text.split(/[ :,]/);
  return Object.hasOwn(colors, word) ? colors[word] : undefined;
}
