// All role assignments, each on one resource. The module is used for the resource group of the app, again for the topics of
// the registries' own events, and for the resource group of each registry; it assigns roles only on the given resources.
//
// The principal is part of each name: Azure refuses to change the principal of an assignment, and a resource that was
// created again under the same name has another identity.
//
//   on                      who           role                                        for
//   storage account         app           Storage Table Data Contributor              its data, due work
//                           app           Storage Queue Data Contributor              deferred deliveries
//                           app           Storage Blob Data Owner                     the Functions host: keys, leases, the package
//   container of            each topic    Storage Blob Data Contributor               undelivered events
//     undelivered events
//   queue of delayed images topic         Storage Queue Data Message Sender           events about delayed images
//   topic                   app           EventGrid Data Sender                       publishing
//   Application Insights    app           Monitoring Metrics Publisher                logs and metrics
//   vault                   app           Key Vault Secrets User                      settings that are secrets
//   each registry           app           the role of registry-role.bicep, or one     replicas; auditing webhooks, their log;
//                                         that you name                               with "manage" writing and pinging them
//   each registry, but      app           AcrPull; with ABAC Container Registry       reading what an index lists; probing each
//     with members: false                 Repository Reader                           replica with regional endpoints for a manifest

@description('Optional. Principal id of the app.')
param appPrincipalId string = ''

@description('Optional. Principal ids of the topics that dead-letter undelivered events.')
param undeliveredPrincipalIds string[] = []

@description('Optional. Name of the storage account.')
param storageAccountName string = ''

@description('Optional. Container of undelivered events.')
param undeliveredContainer string = ''

@description('Optional. Queue of delayed images.')
param delayedQueue string = ''

@description('Optional. Name of the topic.')
param topicName string = ''

@description('Optional. Principal id of the topic.')
param topicPrincipalId string = ''

@description('Optional. Name of the Application Insights component.')
param insightsName string = ''

@description('Optional. Name of the vault.')
param vaultName string = ''

@description('Optional. Name of the registry.')
param registryName string = ''

@description('Optional. The tracker reads manifests, or probes the replicas for them.')
param readsManifests bool = false

@description('Optional. The registry uses role assignments by repository (ABAC).')
param hasAbac bool = false

@description('Optional. Id of the role definition for the registry.')
param registryRoleId string = ''

var isOwn = !empty(topicName)
var isRegistry = !empty(registryName)

// Names as in the list of built-in roles.
var builtIn = {
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
  containerRegistryRepositoryReader: 'b93aa761-3e63-49ed-ac28-beffa264f7ac'
  eventGridDataSender: 'd5a91429-5739-47e2-a06b-3470a27159e7'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageQueueDataMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

// The app's own resource group ---------------------------------------------------------------------------------------

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = if (!empty(storageAccountName)) {
  name: storageAccountName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource undelivered 'containers' existing = { name: undeliveredContainer }
  }

  resource queues 'queueServices' existing = {
    name: 'default'

    resource delayed 'queues' existing = { name: delayedQueue }
  }
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = if (isOwn) {
  name: topicName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = if (isOwn) {
  name: insightsName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = if (isOwn) {
  name: vaultName
}

resource appWritesTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isOwn) {
  scope: account
  name: guid(account.id, appPrincipalId, builtIn.storageTableDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtIn.storageTableDataContributor
    )
  }
}

resource appWritesQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isOwn) {
  scope: account
  name: guid(account.id, appPrincipalId, builtIn.storageQueueDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtIn.storageQueueDataContributor
    )
  }
}

resource appOwnsBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isOwn) {
  scope: account
  name: guid(account.id, appPrincipalId, builtIn.storageBlobDataOwner)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtIn.storageBlobDataOwner)
  }
}

resource topicsLayDownUndelivered 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principalId in undeliveredPrincipalIds: {
    scope: account::blobs::undelivered
    name: guid(account::blobs::undelivered.id, principalId, builtIn.storageBlobDataContributor)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        builtIn.storageBlobDataContributor
      )
    }
  }
]

resource topicSendsDelayed 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isOwn) {
  scope: account::queues::delayed
  name: guid(account::queues::delayed.id, topicPrincipalId, builtIn.storageQueueDataMessageSender)
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtIn.storageQueueDataMessageSender
    )
  }
}

resource appPublishes 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isOwn) {
  scope: topic
  name: guid(topic.id, appPrincipalId, builtIn.eventGridDataSender)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtIn.eventGridDataSender)
  }
}

resource appSendsTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isOwn) {
  scope: insights
  name: guid(insights.id, appPrincipalId, builtIn.monitoringMetricsPublisher)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtIn.monitoringMetricsPublisher
    )
  }
}

resource appReadsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isOwn) {
  scope: vault
  name: guid(vault.id, appPrincipalId, builtIn.keyVaultSecretsUser)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtIn.keyVaultSecretsUser)
  }
}

// The resource group of a registry -------------------------------------------------------------------------------------

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = if (isRegistry) {
  name: registryName
}

resource appCaresForRegistry 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isRegistry) {
  scope: registry
  name: guid(registry.id, appPrincipalId, registryRoleId)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: registryRoleId
  }
}

var manifestReader = hasAbac ? builtIn.containerRegistryRepositoryReader : builtIn.acrPull

resource appReadsManifests 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isRegistry && readsManifests) {
  scope: registry
  name: guid(registry.id, appPrincipalId, manifestReader)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', manifestReader)
  }
}
