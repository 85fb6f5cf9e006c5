/**
 * The functions that the app has registered, grouped by trigger. Bindings that this host cannot serve are refused at
 * start: a queue output that is silently dropped, or a trigger that never fires, would look like a fault of the app.
 */
import type { Binding, FunctionMetadata, RegisteredFunction } from './core-types.ts';

export interface TriggerBinding {
  readonly bindingName: string;
  readonly binding: Binding;
  /** In lower case, as the host compares it. */
  readonly type: string;
}

const SERVED = ['httptrigger', 'queuetrigger', 'timertrigger', 'eventgridtrigger', 'mcptooltrigger', 'warmuptrigger'];

/** The library invents binding names, so the trigger is found by its type. */
export function findTrigger({ name, bindings }: FunctionMetadata): TriggerBinding {
  for (const [bindingName, binding] of Object.entries(bindings)) {
    const type = binding.type.toLowerCase();
    if (type.endsWith('trigger')) return { bindingName, binding, type };
  }
  throw new Error(`${name}: has no trigger binding.`);
}

/** All functions by name, ordinal and ignoring case: the order in which the host tries routes. */
export function sortFunctions(functions: Iterable<RegisteredFunction>): RegisteredFunction[] {
  const key = ({ metadata }: RegisteredFunction) => metadata.name.toUpperCase();
  return [...functions].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

export function checkBindings({ metadata }: RegisteredFunction): void {
  const trigger = findTrigger(metadata);
  for (const [name, binding] of Object.entries(metadata.bindings)) {
    const isHttpOutput = binding.direction === 'out' && binding.type.toLowerCase() === 'http';
    const isServed = name === trigger.bindingName ? SERVED.includes(trigger.type) : isHttpOutput;
    if (!isServed) {
      throw new Error(
        `${metadata.name}: the local host does not serve bindings of type "${binding.type}" (${binding.direction}). ` +
          'It serves HTTP, queue, timer, Event Grid and MCP tool triggers and HTTP outputs; use an SDK for the rest.',
      );
    }
  }
}

export function isTriggeredBy(type: string): (target: RegisteredFunction) => boolean {
  return ({ metadata }) => findTrigger(metadata).type === type;
}

/** A text option of a binding, with `%NAME%` replaced by that setting as the host does. */
export function readText(
  { name }: FunctionMetadata,
  binding: Binding,
  option: string,
  settings: Readonly<Record<string, string | undefined>>,
): string {
  const value = binding[option];
  if (typeof value !== 'string' || value === '') {
    throw new Error(`${name}: ${option} of its ${binding.type} must be a text (got ${JSON.stringify(value)}).`);
  }
  return value.replace(/%([^%]+)%/g, (_, setting: string) => {
    const found = settings[setting];
    if (found !== undefined) return found;
    throw new Error(`${name}: ${option} of its ${binding.type} names the setting ${setting}, which is not set.`);
  });
}

/** The connection string from the setting that a binding names. */
export function readConnection(
  { metadata }: RegisteredFunction,
  name: unknown,
  settings: Readonly<Record<string, string | undefined>>,
): string {
  const setting = typeof name === 'string' && name !== '' ? name : 'AzureWebJobsStorage';
  const value = settings[setting] ?? settings[`AzureWebJobs${setting}`];
  if (value !== undefined && value !== '') return value;
  throw new Error(
    `${metadata.name}: the setting ${setting} must be a storage connection string; the local host knows no identities.`,
  );
}
