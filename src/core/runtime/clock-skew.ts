/** Clocks of two instances, and of what they write and what they note of it, differ by less. */
export const clockSkewMs = 60_000;
