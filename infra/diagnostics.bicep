// Resource logs of the services, sent to the app's workspace. Failures are few. With everything, each request to the
// storage is a line: many gigabytes a day on a busy registry.

@description('Required. Id of the workspace.')
param workspaceId string

@description('Required. Collect all requests, not only failures.')
param everything bool

@description('Required. Name of the storage account.')
param storageAccountName string

@description('Required. Name of the topic.')
param topicName string

@description('Required. Name of the vault.')
param vaultName string

@description('Required. Name of the app.')
param appName string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageAccountName

  resource blobs 'blobServices' existing = { name: 'default' }

  resource tables 'tableServices' existing = { name: 'default' }

  resource queues 'queueServices' existing = { name: 'default' }
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = { name: topicName }

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = { name: vaultName }

resource app 'Microsoft.Web/sites@2024-11-01' existing = { name: appName }

var requests = map(['StorageRead', 'StorageWrite', 'StorageDelete'], category => {
  category: category
  enabled: true
})

resource ofTopic 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: topic
  name: 'tracker'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'DeliveryFailures', enabled: true }
      { category: 'PublishFailures', enabled: true }
    ]
  }
}

resource ofVault 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'tracker'
  properties: { workspaceId: workspaceId, logs: [{ category: 'AuditEvent', enabled: true }] }
}

resource ofBlobs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (everything) {
  scope: account::blobs
  name: 'tracker'
  properties: { workspaceId: workspaceId, logs: requests }
}

resource ofTables 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (everything) {
  scope: account::tables
  name: 'tracker'
  properties: { workspaceId: workspaceId, logs: requests }
}

resource ofQueues 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (everything) {
  scope: account::queues
  name: 'tracker'
  properties: { workspaceId: workspaceId, logs: requests }
}

resource ofApp 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (everything) {
  scope: app
  name: 'tracker'
  properties: { workspaceId: workspaceId, logs: [{ category: 'FunctionAppLogs', enabled: true }] }
}
