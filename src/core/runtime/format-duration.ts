/** `12 s`, `3 min 20 s`, `2 h 5 min`; without a smaller unit that is 0. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(Math.max(0, milliseconds) / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const [unit, part, big, small] = seconds < 3_600 ? [60, 1, 'min', 's'] : [3_600, 60, 'h', 'min'];
  const rest = Math.floor((seconds % unit) / part);
  return `${Math.floor(seconds / unit)} ${big}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}
