/** Regions grouped by where they are: thirty names in alphabetical order say nothing. */
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

/** A name has no more room than the columns below it. */
const shorter: Readonly<Record<string, readonly string[]>> = {
  Americas: ['AM'],
  Europe: ['EU'],
  'Middle East and Africa': ['MEA'],
  'Asia Pacific': ['Asia'],
};

/** Letters above one column. */
const lettersEach = 4;

/** What has room above so many columns. */
export function placeLabel(name: string, columns: number): string {
  return [name, ...(shorter[name] ?? [])].find((each) => each.length <= columns * lettersEach) ?? '…';
}

/** In the order of the list above, then those that no name tells; in each alphabetical. */
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
