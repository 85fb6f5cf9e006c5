/**
 * Marks an error as the host's own: the library checks for the mark to distinguish "this host is too old for log hooks" from
 * an error of the app.
 */
export function systemError<Kind extends Error>(error: Kind): Kind & { isAzureFunctionsSystemError: true } {
  return Object.assign(error, { isAzureFunctionsSystemError: true as const });
}
