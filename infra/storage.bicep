// The storage account: the app's data (tables), deferred work (queues), the deployed package, and undelivered events
// (blobs). Access by identity only.

@description('Required. Name of the account.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Keep a copy in each of three zones.')
param zoneRedundant bool

@description('Required. Keep copies in the paired region as well.')
param geoRedundant bool

@description('Required. Refuse access except from private endpoints and, of Azure\'s services, Event Grid.')
param isPrivate bool

@description('Required. Container for events that could not be delivered.')
param undeliveredContainer string

@description('Required. Queue for the events about delayed images.')
param delayedQueue string

var tableNames = [
  'ReplicationImages'
  'ReplicationIndex'
  'ReplicationChecks'
  'ReplicationDueWork'
  'ReplicationReleases'
]

var queueNames = [
  'replication-deliveries'
  'replication-replays'
  'replication-forwards-given-up'
]

var packageContainer = 'app-package'

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: zoneRedundant
      ? (geoRedundant ? 'Standard_GZRS' : 'Standard_ZRS')
      : (geoRedundant ? 'Standard_GRS' : 'Standard_LRS')
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Not `publicNetworkAccess: 'Disabled'`: Event Grid connects as a trusted service, with the identity of a topic.
    networkAcls: { bypass: 'AzureServices', defaultAction: isPrivate ? 'Deny' : 'Allow' }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: { deleteRetentionPolicy: { enabled: true, days: 7 } }

    resource containers 'containers' = [
      for container in [packageContainer, undeliveredContainer]: {
        name: container
        properties: { publicAccess: 'None' }
      }
    ]
  }

  resource tableService 'tableServices' = {
    name: 'default'

    resource tables 'tables' = [for table in tableNames: { name: table }]
  }

  resource queueService 'queueServices' = {
    name: 'default'

    resource queues 'queues' = [for queue in concat(queueNames, [delayedQueue]): { name: queue }]
  }
}

output id string = account.id
output packageContainerUrl string = '${account.properties.primaryEndpoints.blob}${packageContainer}'
