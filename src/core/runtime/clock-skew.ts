/** The clocks of two instances, and of the storage, are assumed to differ by less than this. */
export const clockSkewMs = 60_000;
