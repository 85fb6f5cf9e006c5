/**
 * The app's start, terminate and invocation hooks, run as the worker runs them: in the order of registration, each
 * awaited; one that throws stops what it belongs to.
 */
import { createDisposable, type Disposable } from './disposable.ts';
import { systemError } from './system-error.ts';

export type HookName = 'appStart' | 'appTerminate' | 'preInvocation' | 'postInvocation' | 'log';
type HookCallback = (context: object) => unknown;

export interface Hooks {
  register(name: string, callback: HookCallback): Disposable;
  run(name: Exclude<HookName, 'log'>, context: object): Promise<void>;
  /** Log hooks are not awaited, since a log call is not. */
  runLog(context: object): void;
}

const NAMES: readonly string[] = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'];

export function createHooks(): Hooks {
  const hooks = new Map<string, HookCallback[]>(NAMES.map((name) => [name, []]));
  const find = (name: string): HookCallback[] => {
    const found = hooks.get(name);
    if (found === undefined) {
      throw systemError(new RangeError(`Unrecognized hook "${name}". Hooks are: ${NAMES.join(', ')}.`));
    }
    return found;
  };
  return {
    register(name, callback) {
      const callbacks = find(name);
      callbacks.push(callback);
      return createDisposable(() => {
        const index = callbacks.indexOf(callback);
        if (index >= 0) callbacks.splice(index, 1);
      });
    },
    async run(name, context) {
      for (const callback of [...find(name)]) await callback(context);
    },
    runLog(context) {
      for (const callback of [...find('log')]) callback(context);
    },
  };
}
