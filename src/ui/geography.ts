/** Groups regions by part of the world: thirty names in alphabetical order are hard to scan. */
const places: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Americas', /us\d?$|us(stage|euap)$|^us|canada|brazil|mexico|chile/],
  ['Europe', /europe|^uk|france|germany|switzerland|norway|sweden|italy|poland|spain|austria|belgium|denmark/],
  ['Middle East and Africa', /^uae|qatar|israel|africa|saudi/],
  ['Asia Pacific', /asia|japan|korea|india|australia|newzealand|indonesia|malaysia|china|taiwan/],
];

export interface Place {
  readonly name: string;
  readonly regions: readonly string[];
}

/** Shorter labels, for names wider than the columns below them. */
const shorter: Readonly<Record<string, readonly string[]>> = {
  Americas: ['AM'],
  Europe: ['EU'],
  'Middle East and Africa': ['MEA', 'ME'],
  'Asia Pacific': ['Asia', 'AP'],
};

/** Letters that fit above one column and above each of several, and above each where times are written out. */
const [lettersOfOne, lettersEach, lettersWide] = [2, 4, 16];

/** The longest label that fits above so many columns. */
export function placeLabel(name: string, columns: number, isCompact: boolean): string {
  const compact = columns === 1 ? lettersOfOne : columns * lettersEach;
  const letters = isCompact ? compact : columns * lettersWide;
  return [name, ...(shorter[name] ?? [])].find((each) => each.length <= letters) ?? '…';
}

/** The groups in the order of the list above, then regions that match none; alphabetical within each group. */
export function byPlace(regions: readonly string[]): Place[] {
  const found = Map.groupBy([...regions].sort(), placeOf);
  return [...places.map(([name]) => name), 'Elsewhere'].flatMap((name) => {
    const there = found.get(name);
    return there === undefined ? [] : [{ name, regions: there }];
  });
}

function placeOf(region: string): string {
  return places.find(([, pattern]) => pattern.test(region))?.[0] ?? 'Elsewhere';
}
