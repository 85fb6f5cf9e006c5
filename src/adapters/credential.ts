/**
 * The app's identity. Its SDK loads slowest of all, so it is loaded when a token is first needed: with keys and
 * connection strings, never.
 */
import type { TokenCredential } from '@azure/identity';

/** @param clientId of a user-assigned identity; without it, the default chain */
export function lazyCredential(clientId: string | undefined): TokenCredential {
  let loading: Promise<TokenCredential> | undefined;
  const load = async (): Promise<TokenCredential> => {
    const { DefaultAzureCredential } = await import('@azure/identity');
    return new DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId });
  };
  return {
    async getToken(scopes, options) {
      loading ??= load();
      const credential = await loading.catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
      return credential.getToken(scopes, options);
    },
  };
}
