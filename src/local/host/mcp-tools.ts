/**
 * The app's tools as clients see them: the binding describes properties in a notation of its own, which the host
 * converts to JSON Schema.
 */
import { isObject, parseJson } from '../json.ts';
import type { RegisteredFunction } from './core-types.ts';
import { findTrigger } from './functions.ts';

export interface McpTool {
  readonly target: RegisteredFunction;
  readonly listing: { readonly name: string; readonly description: string; readonly inputSchema: object };
  readonly required: readonly string[];
}

/** @throws Error for invalid properties, as the host does at start */
export function readMcpTool(target: RegisteredFunction): McpTool {
  const { binding } = findTrigger(target.metadata);
  const { name: functionName } = target.metadata;
  const name = String(binding.toolName ?? '');
  if (name === '') throw new Error(`${functionName}: toolName of its ${binding.type} must be a text.`);
  const given = parseJson(String(binding.toolProperties ?? '[]'));
  if (!Array.isArray(given) || !given.every(isObject)) {
    throw new Error(`${functionName}: toolProperties of its ${binding.type} must be a JSON array of properties.`);
  }
  const properties = given.map((property) => {
    const { propertyName, propertyType, description = '', isArray } = property;
    const schema = isArray === true ? { type: 'array', items: { type: propertyType } } : { type: propertyType };
    return [String(propertyName), { ...schema, description }] as const;
  });
  const required = given
    .filter(({ isRequired }) => isRequired === true)
    .map((property) => String(property.propertyName));
  return {
    target,
    required,
    listing: {
      name,
      description: String(binding.description ?? ''),
      inputSchema: { type: 'object', properties: Object.fromEntries(properties), required },
    },
  };
}
