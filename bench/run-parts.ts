/** Runs one part after the other. A part that fails does not affect the others, whose results took minutes. */
import type { Result, Section } from './section.ts';

/** @returns the results, and the faults found in them or that prevented them */
export async function runParts<Name extends string>(
  parts: readonly Name[],
  measure: (part: Name) => Promise<Section>,
): Promise<Pick<Result, 'sections'> & { readonly faults: readonly string[] }> {
  const sections: Record<string, Section> = {};
  const faults: string[] = [];
  for (const part of parts) {
    try {
      const section = await measure(part);
      sections[part] = section;
      faults.push(...(section.faults ?? []).map((fault) => `${part}: ${fault}`));
    } catch (failure) {
      faults.push(`${part}: ${failure instanceof Error ? failure.stack : String(failure)}`);
    }
  }
  return { sections, faults };
}
