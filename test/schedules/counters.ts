/**
 * What happened in a run, by group and name: a run without concurrent commits, for example, proves nothing about them.
 */
export interface Counters {
  count(group: string, name: string, by?: number): void;
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

export function counters(): Counters {
  const groups = new Map<string, Map<string, number>>();
  return {
    groups,
    count(group, name, by = 1) {
      const names = groups.get(group) ?? new Map<string, number>();
      groups.set(group, names);
      names.set(name, (names.get(name) ?? 0) + by);
    },
  };
}

export function addAll(total: Counters, one: Counters): void {
  for (const [group, names] of one.groups) for (const [name, times] of names) total.count(group, name, times);
}
