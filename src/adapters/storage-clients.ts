/**
 * Clients for the app's storage account, with a connection string or with an identity. Retries are short: the webhook
 * endpoint has four seconds in all, and can still put the event on a queue.
 */

import { TableClient } from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { QueueClient, StorageRetryPolicyType } from '@azure/storage-queue';

export type StorageAccount =
  | { readonly kind: 'connectionString'; readonly connectionString: string }
  | {
      readonly kind: 'identity';
      readonly tableUri: string;
      readonly queueUri: string;
      readonly credential: TokenCredential;
    };

const retryOptions = { maxRetries: 2, retryDelayInMs: 100, maxRetryDelayInMs: 500 };

export function tableClient(account: StorageAccount, name: string): TableClient {
  if (account.kind === 'identity') return new TableClient(account.tableUri, name, account.credential, { retryOptions });
  const { connectionString } = account;
  // Azurite uses plain http.
  const allowInsecureConnection = /DefaultEndpointsProtocol=http;|UseDevelopmentStorage=true|TableEndpoint=http:/i.test(
    connectionString,
  );
  return TableClient.fromConnectionString(connectionString, name, { retryOptions, allowInsecureConnection });
}

export function queueClient(account: StorageAccount, name: string): QueueClient {
  const options = {
    retryOptions: {
      retryPolicyType: StorageRetryPolicyType.FIXED,
      maxTries: 2,
      retryDelayInMs: 100,
      tryTimeoutInMs: 5_000,
    },
  };
  if (account.kind === 'connectionString') return new QueueClient(account.connectionString, name, options);
  return new QueueClient(`${account.queueUri}/${name}`, account.credential, options);
}
