// Every role assignment there is, each on one resource. The page is used once for the resource group of the app, and once
// for the resource group of each registry: what is not named is not touched.
//
//   on                      who           role                                        for
//   storage account         app           Storage Table Data Contributor              what it remembers
//                           app           Storage Queue Data Contributor              timers, deferred deliveries
//                           app           Storage Blob Data Owner                     the Functions host: keys, leases, the package
//   container of            Event Grid    Storage Blob Data Contributor               events that nobody took
//     undelivered events
//   queue of delayed images Event Grid    Storage Queue Data Message Sender           what is told of delayed images
//   topic                   app           EventGrid Data Sender                       publishing
//   Application Insights    app           Monitoring Metrics Publisher                logs and metrics
//   each registry           app           a role defined here, or one that you name   replicas; auditing webhooks, their log;
//                                                                                     with "manage" writing and pinging them
//   each registry with      app           AcrPull; with ABAC Container Registry       asking each replica for a manifest
//     regional endpoints                  Repository Reader

@description('Required. Principal id of the app.')
param appPrincipalId string

@description('Optional. Principal id of Event Grid.')
param courierPrincipalId string = ''

@description('Optional. Name of the storage account.')
param storageAccountName string = ''

@description('Optional. Container of undelivered events.')
param undeliveredContainer string = ''

@description('Optional. Queue of delayed images.')
param delayedQueue string = ''

@description('Optional. Name of the topic.')
param topicName string = ''

@description('Optional. Name of the Application Insights component.')
param insightsName string = ''

@description('Optional. Name of the registry.')
param registryName string = ''

@description('Optional. The tracker also writes and pings webhooks.')
param managesWebhooks bool = false

@description('Optional. The tracker also asks the replicas themselves.')
param asksReplicas bool = false

@description('Optional. The registry has role assignments by repository.')
param hasAbac bool = false

@description('Optional. Id of an existing role definition to use in place of the one defined here.')
param registryRoleId string = ''

@description('Optional. Tells the roles of two deployments apart.')
param token string = ''

var isOwn = !empty(storageAccountName)
var isRegistry = !empty(registryName)

// Names as in the list of built-in roles.
var builtIn = {
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
  containerRegistryRepositoryReader: 'b93aa761-3e63-49ed-ac28-beffa264f7ac'
  eventGridDataSender: 'd5a91429-5739-47e2-a06b-3470a27159e7'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageQueueDataMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

// The app's own resource group ---------------------------------------------------------------------------------------

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = if (isOwn) {
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

resource courierLaysDownUndelivered 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isOwn) {
  scope: account::blobs::undelivered
  name: guid(account::blobs::undelivered.id, courierPrincipalId, builtIn.storageBlobDataContributor)
  properties: {
    principalId: courierPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtIn.storageBlobDataContributor
    )
  }
}

resource courierTellsDelayed 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isOwn) {
  scope: account::queues::delayed
  name: guid(account::queues::delayed.id, courierPrincipalId, builtIn.storageQueueDataMessageSender)
  properties: {
    principalId: courierPrincipalId
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

// The resource group of a registry -------------------------------------------------------------------------------------

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = if (isRegistry) {
  name: registryName
}

// No built-in role may read a webhook's address and log without also reading the registry's passwords.
resource careRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (isRegistry && empty(registryRoleId)) {
  name: guid(registry.id, token, 'replication-tracker')
  properties: {
    roleName: 'Replication tracker on ${registryName} (${token})'
    description: 'Reads the replicas and webhooks of ${registryName}${managesWebhooks ? ', and sets its webhooks right' : ''}.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: concat(
          [
            'Microsoft.ContainerRegistry/registries/read'
            'Microsoft.ContainerRegistry/registries/replications/read'
            'Microsoft.ContainerRegistry/registries/webhooks/read'
            'Microsoft.ContainerRegistry/registries/webhooks/getCallbackConfig/action'
            'Microsoft.ContainerRegistry/registries/webhooks/listEvents/action'
          ],
          managesWebhooks
            ? [
                'Microsoft.ContainerRegistry/registries/webhooks/write'
                'Microsoft.ContainerRegistry/registries/webhooks/ping/action'
                'Microsoft.ContainerRegistry/registries/webhooks/operationStatuses/read'
              ]
            : []
        )
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}

resource appCaresForRegistry 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isRegistry) {
  scope: registry
  name: guid(registry.id, appPrincipalId, empty(registryRoleId) ? 'replication-tracker' : registryRoleId)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: empty(registryRoleId)
      ? subscriptionResourceId('Microsoft.Authorization/roleDefinitions', careRole.name)
      : registryRoleId
  }
}

var manifestReader = hasAbac ? builtIn.containerRegistryRepositoryReader : builtIn.acrPull

resource appAsksReplicas 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isRegistry && asksReplicas) {
  scope: registry
  name: guid(registry.id, appPrincipalId, manifestReader)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', manifestReader)
  }
}
