/** The requirement of a wait in a few words: how many of which regions, and which artifacts and platforms. */
import { plural, visible } from './format.ts';

/** As `/api/waiting` answers: fields with their default value are left out. */
export interface Required {
  readonly regions?: readonly string[];
  readonly require?: 'any' | number;
  readonly artifacts?: readonly string[];
  readonly platforms?: readonly string[];
}

const maxNamed = 3;

/** `every region`, `any of eastus, westeurope, with signature, linux/arm64 only`. */
export function requirementText(required: Required): string {
  const { artifacts = [], platforms = [] } = required;
  return [
    regionsText(required),
    ...(artifacts.length === 0 ? [] : [`with ${named(artifacts)}`]),
    ...(platforms.length === 0 ? [] : [`only ${named(platforms)}`]),
  ].join('; ');
}

/** All names, for a tool tip; `undefined` where the text has them. */
export function requirementTip({ regions = [], artifacts = [], platforms = [] }: Required): string | undefined {
  const cut = [regions, artifacts, platforms].filter((names) => names.length > maxNamed);
  return cut.length === 0 ? undefined : cut.map((names) => visible(names.join(', '))).join('; ');
}

function regionsText({ regions = [], require }: Required): string {
  if (regions.length === 1) return named(regions);
  const places = regions.length === 0 ? undefined : named(regions);
  if (require === undefined) return places ?? 'every region';
  if (require === 'any') return places === undefined ? 'any region' : `any of ${places}`;
  return places === undefined ? plural(require, 'region') : `${require} of ${places}`;
}

function named(names: readonly string[]): string {
  if (names.length <= maxNamed) return names.map(visible).join(', ');
  return `${names
    .slice(0, maxNamed - 1)
    .map(visible)
    .join(', ')} and ${names.length - maxNamed + 1} more`;
}
