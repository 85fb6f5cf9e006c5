/**
 * The app's identity, loaded when it is first asked for a token: with keys and connection strings it never is, and
 * its SDK is the slowest of all to load.
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
