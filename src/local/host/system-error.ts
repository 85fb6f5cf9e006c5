/**
 * Errors of the host itself carry a mark that the library looks for: it tells "this host is too old for log hooks" from
 * an error of the app by it.
 */
export function systemError<Kind extends Error>(error: Kind): Kind & { isAzureFunctionsSystemError: true } {
  return Object.assign(error, { isAzureFunctionsSystemError: true as const });
}
