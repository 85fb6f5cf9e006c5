/** The storage account: a connection string, or the names of its services for an identity. */
import { isOrigin, originRule } from '../core/runtime/url-origin.ts';
import { faultOfConnectionString } from './connection-string.ts';
import type { Fault, Get } from './values.ts';
import { conceal, show } from './values.ts';

export type StorageConfig =
  | { readonly kind: 'connectionString'; readonly connectionString: string }
  | {
      readonly kind: 'identity';
      readonly tableUri: string;
      readonly queueUri: string;
      readonly clientId: string | undefined;
    };

export function readStorage(get: Get, fault: Fault): StorageConfig {
  const connectionString = get('AzureWebJobsStorage');
  if (connectionString !== undefined) {
    const reason = faultOfConnectionString(connectionString);
    if (reason !== undefined) {
      fault('AzureWebJobsStorage', `must be a storage connection string: ${reason} (got ${conceal(connectionString)})`);
    }
    return { kind: 'connectionString', connectionString };
  }
  const account = get('AzureWebJobsStorage__accountName');
  if (account !== undefined && !/^[a-z0-9]{3,24}$/.test(account)) {
    fault('AzureWebJobsStorage__accountName', `must be 3 to 24 lower-case letters and digits (got ${show(account)})`);
  }
  const serviceUri = (service: 'table' | 'queue') => {
    const name = `AzureWebJobsStorage__${service}ServiceUri`;
    const uri = get(name);
    if (uri !== undefined && !isOrigin(uri)) fault(name, `${originRule} (got ${show(uri)})`);
    // Azure shows the endpoints of an account with a slash at the end.
    return uri?.replace(/\/$/, '') ?? (account && `https://${account}.${service}.core.windows.net`);
  };
  const tableUri = serviceUri('table');
  const queueUri = serviceUri('queue');
  if (tableUri === undefined || queueUri === undefined) {
    fault(
      'AzureWebJobsStorage',
      'is required: a connection string, or AzureWebJobsStorage__accountName with an identity (got nothing)',
    );
  }
  return {
    kind: 'identity',
    tableUri: tableUri ?? '',
    queueUri: queueUri ?? '',
    clientId: get('AzureWebJobsStorage__clientId'),
  };
}
