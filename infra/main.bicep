// Everything the tracker needs on Azure: a resource group with the app and its services, and for each existing registry
// its webhooks, roles and the subscription to its own events.

targetScope = 'subscription'

import { caller, registry } from 'types.bicep'

// Where -----------------------------------------------------------------------------------------------------------------

@description('Required. Name of the environment; used in names and tags.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Required. Region of the app. If it is not the home region of a registry, the tracker also reports when that region is down.')
@minLength(1)
param location string

@description('Optional. Resource group of the app. Default: rg-<environment>.')
param resourceGroupName string = 'rg-${environmentName}'

@description('Optional. Spread app and storage over three zones; not every region has them. Two instances of each function group are then always running, and billed.')
param zoneRedundant bool = false

@description('Optional. Keep copies of the storage in the paired region as well.')
param geoRedundant bool = false

// What is tracked -------------------------------------------------------------------------------------------------------

@description('Required. The registries to track, each with its regions.')
@minLength(1)
param registries registry[]

@description('Required. One or two secrets, comma-separated, at least 16 characters each. Webhooks get the first one; the app accepts both.')
@secure()
@minLength(16)
param webhookSecrets string

@description('Optional. Also subscribe to the registries\' own events, once the app is deployed.')
param subscribesToRegistryEvents bool = true

@description('Optional. Id of an existing role definition for the registries, if you may not define roles. Default: a role with the least permissions is defined for each registry.')
param registryRoleId string = ''

// How the app behaves: one parameter for each setting ---------------------------------------------------------------------

@description('Optional. Seconds until an image that is not everywhere is called delayed.')
@minValue(1)
param delayedAfterSeconds int = 900

@description('Optional. Seconds until regions that have not reported an image are first probed.')
@minValue(1)
param probeAfterSeconds int = 60

@description('Optional. Days until images that were deleted everywhere are forgotten.')
@minValue(1)
param retentionDays int = 90

@description('Optional. What the tracker does with the registries\' webhooks: nothing (off), check them, or check and repair them.')
@allowed(['off', 'audit', 'manage'])
param webhookManagement string = 'audit'

@description('Optional. Origin under which the registries reach the app, without a slash at its end. Default: the app\'s own.')
param publicUrl string = ''

@description('Optional. JSON array, plain or in base64, of the targets of forwarded webhooks, and the regions each waits for. Holds secrets.')
@secure()
param forwardWebhooks string = ''

@description('Optional. 32 bytes in base64 that encrypt the tokens of deployment checks. Default: no checks.')
@secure()
param callbackKey string = ''

@description('Optional. Origins that verdicts of checks may be sent to, comma-separated. Default: Azure DevOps and GitHub.')
param callbackOrigins string = ''

@description('Optional. Secret of the GitHub App\'s webhook. Default: no checks for GitHub.')
@secure()
param githubWebhookSecret string = ''

@description('Optional. Id or client id of the GitHub App.')
param githubAppId string = ''

@description('Optional. Private key of the GitHub App, all of the PEM in base64.')
@secure()
param githubAppPrivateKey string = ''

@description('Optional. Template of the image of a deployment that names none, or of several, separated by white space.')
param githubImageTemplate string = ''

@description('Optional. Origin of Azure Resource Manager in a sovereign cloud.')
param armEndpoint string = ''

// Size and reach ----------------------------------------------------------------------------------------------------------

@description('Optional. Major version of Node. Not every region has every version: az functionapp list-flexconsumption-runtimes lists them.')
@allowed(['22', '24'])
param nodeVersion string = '24'

@description('Optional. Number of HTTP instances that are always running. With none, a cold start can lose a webhook; with one, its failure can.')
@minValue(1)
@maxValue(20)
param alwaysReadyInstances int = 2

@description('Optional. Names of functions other than HTTP that always have an instance running, since the first message of a queue may otherwise wait for minutes. Each is billed.')
param alwaysReadyFunctions string[] = []

@description('Optional. Concurrent requests per instance. Waiting requests cost little, so the number is high; more requests start another instance.')
@minValue(16)
@maxValue(1000)
param httpConcurrency int = 500

@description('Optional. Memory of an instance, in MB; its processor share depends on it.')
@allowed([512, 2048, 4096])
param instanceMemoryInMb int = 2048

@description('Optional. Maximum number of instances; at least as many as are always running.')
@minValue(1)
@maxValue(1000)
param maxInstances int = 40

@description('Optional. Id of a subnet, delegated to Microsoft.App/environments, from which private registries can be reached. Default: none.')
param subnetId string = ''

@description('Optional. Id of a subnet of the same network for private endpoints of storage, topic and vault, which are then closed to all other networks. Needs subnetId. Default: none.')
param privateEndpointSubnetId string = ''

@description('Optional. Create private DNS zones for these endpoints and link them to the network; not if a policy of yours does that.')
param createsPrivateDnsZones bool = true

@description('Optional. Refuse all callers except the given ones and, by service tags, the Azure services that call the app: registries, Event Grid, action groups, web tests. Applies to the whole app, not to single paths: list all clients and users of the page.')
param restrictsCallers bool = false

@description('Optional. Additional allowed callers, with restrictsCallers.')
param callers caller[] = []

// Alerts and logs -------------------------------------------------------------------------------------------------------------

@description('Optional. E-mail address that alerts go to.')
param alertEmail string = ''

@description('Optional. Ids of existing action groups that alerts go to.')
param actionGroupIds string[] = []

@description('Optional. Test the app\'s health every five minutes from three locations. Each test is billed.')
param watchesHealth bool = true

@description('Optional. Have Azure Monitor call the app when the service Container Registry has an incident, so that it is shown as a likely cause.')
param watchesServiceHealth bool = true

@description('Optional. Which resource logs of storage, topics, vault and app are collected besides the app\'s own telemetry: none; failed deliveries and access to secrets; or all.')
@allowed(['none', 'failures', 'all'])
param resourceLogs string = 'failures'

@description('Optional. Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Optional. Maximum gigabytes of logs per day; 0 for no limit. Beyond it, alerts on logs do not fire.')
@minValue(0)
param logDailyCapInGb int = 5

// -------------------------------------------------------------------------------------------------------------------------

var token = uniqueString(subscription().id, environmentName, location)
var tags = { 'azd-env-name': environmentName }

// All names in one place, so that role assignments can refer to them before the resources exist.
var names = {
  app: 'func-tracker-${token}'
  storageAccount: 'st${token}'
  topic: 'evgt-${token}'
  insights: 'appi-${token}'
  vault: 'kv-${token}'
  undeliveredContainer: 'undelivered-events'
  delayedQueue: 'replication-delayed'
  delayedSubscription: 'delayed'
}

var isPrivate = empty(privateEndpointSubnetId)
  ? false
  : empty(subnetId)
      ? fail('privateEndpointSubnetId needs subnetId: without it the app cannot reach the private endpoints')
      : true

// The services that store or transport the app's data.
var privateServices = [
  { name: 'blob', zone: 'blob.${environment().suffixes.storage}' }
  { name: 'table', zone: 'table.${environment().suffixes.storage}' }
  { name: 'queue', zone: 'queue.${environment().suffixes.storage}' }
  { name: 'topic', zone: 'eventgrid.azure.net' }
  { name: 'vault', zone: 'vaultcore.azure.net' }
]

var checkedMaxInstances = maxInstances < alwaysReadyInstances
  ? fail('maxInstances (${maxInstances}) must not be below alwaysReadyInstances (${alwaysReadyInstances})')
  : maxInstances

var secretSettings = {
  WEBHOOK_SECRETS: webhookSecrets
  FORWARD_WEBHOOKS: forwardWebhooks
  CALLBACK_KEY: callbackKey
  GITHUB_WEBHOOK_SECRET: githubWebhookSecret
  GITHUB_APP_PRIVATE_KEY: githubAppPrivateKey
}

// The first secret: webhooks get it, the app accepts both.
var webhookSecret = trim(split(webhookSecrets, ',')[0])

// The place of each registry, and the name of its system topic: two deployments must choose the same name. It has at
// most 50 characters.
var places = map(registries, one => {
  subscriptionId: one.?subscriptionId ?? subscription().subscriptionId
  resourceGroup: one.resourceGroup
  topic: one.?systemTopic ?? take('evgst-${toLower(one.name)}', 50)
})

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: resourceGroupName
  location: location
  tags: tags
}

resource tracked 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = [
  for one in registries: {
    scope: az.resourceGroup(one.?subscriptionId ?? subscription().subscriptionId, one.resourceGroup)
    name: one.name
  }
]

// First, since a role can be assigned only minutes after it was defined.
module registryRole 'registry-role.bicep' = [
  for (one, i) in registries: if (empty(registryRoleId)) {
    scope: az.resourceGroup(places[i].subscriptionId, places[i].resourceGroup)
    params: { registryName: one.name, managesWebhooks: webhookManagement == 'manage', token: token }
  }
]

module identities 'identities.bicep' = {
  scope: group
  params: { location: location, tags: tags, token: token }
}

module storage 'storage.bicep' = {
  scope: group
  params: {
    name: names.storageAccount
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    geoRedundant: geoRedundant
    isPrivate: isPrivate
    undeliveredContainer: names.undeliveredContainer
    delayedQueue: names.delayedQueue
  }
}

module vault 'vault.bicep' = {
  scope: group
  params: {
    name: names.vault
    location: location
    tags: tags
    isPrivate: isPrivate
    secrets: secretSettings
    names: filter(objectKeys(secretSettings), name => !empty(secretSettings[name]))
  }
}

module monitoring 'monitoring.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    insightsName: names.insights
    retentionInDays: logRetentionDays
    dailyCapInGb: logDailyCapInGb
  }
}

module topic 'topic.bicep' = {
  scope: group
  params: { name: names.topic, location: location, tags: tags, isPrivate: isPrivate }
}

module registryTopics 'registry-topic.bicep' = [
  for (one, i) in registries: if (subscribesToRegistryEvents) {
    scope: az.resourceGroup(places[i].subscriptionId, places[i].resourceGroup)
    params: {
      registryName: one.name
      location: tracked[i].location
      name: places[i].topic
      isGiven: one.?systemTopic != null
      token: token
      workspaceId: resourceLogs == 'none' ? '' : monitoring.outputs.workspaceId
    }
  }
]

module ownRoles 'roles.bicep' = {
  scope: group
  dependsOn: [storage, monitoring, vault]
  params: {
    appPrincipalId: identities.outputs.appPrincipalId
    undeliveredPrincipalIds: [topic.outputs.principalId]
    storageAccountName: names.storageAccount
    undeliveredContainer: names.undeliveredContainer
    delayedQueue: names.delayedQueue
    topicName: names.topic
    topicPrincipalId: topic.outputs.principalId
    insightsName: names.insights
    vaultName: names.vault
  }
}

module registryTopicRoles 'roles.bicep' = if (subscribesToRegistryEvents) {
  scope: group
  dependsOn: [storage]
  params: {
    storageAccountName: names.storageAccount
    undeliveredContainer: names.undeliveredContainer
    delayedQueue: names.delayedQueue
    undeliveredPrincipalIds: [for (one, i) in registries: registryTopics[i]!.outputs.principalId]
  }
}

module privateEndpoints 'private-endpoint.bicep' = [
  for one in privateServices: if (isPrivate) {
    scope: group
    params: {
      location: location
      tags: tags
      token: token
      subnetId: privateEndpointSubnetId
      networkId: createsPrivateDnsZones ? split(privateEndpointSubnetId, '/subnets/')[0] : ''
      targetId: one.name == 'topic' ? topic.outputs.id : one.name == 'vault' ? vault.outputs.id : storage.outputs.id
      service: one.name
      zoneName: 'privatelink.${one.zone}'
    }
  }
]

module app 'function-app.bicep' = {
  scope: group
  dependsOn: [ownRoles, privateEndpoints]
  params: {
    name: names.app
    location: location
    tags: tags
    token: token
    identityId: identities.outputs.appId
    packageContainerUrl: storage.outputs.packageContainerUrl
    nodeVersion: nodeVersion
    alwaysReadyInstances: alwaysReadyInstances
    alwaysReadyFunctions: alwaysReadyFunctions
    httpConcurrency: httpConcurrency
    instanceMemoryInMb: instanceMemoryInMb
    maxInstances: checkedMaxInstances
    zoneRedundant: zoneRedundant
    subnetId: subnetId
    restrictsCallers: restrictsCallers
    callers: callers
    watchesHealth: watchesHealth
    registries: [
      for (one, i) in registries: union(
        {
          name: toLower(one.name)
          // Not always <name>.azurecr.io: the name may contain a hash.
          loginServer: tracked[i].properties.loginServer
          resourceId: tracked[i].id
          observedOnly: one.?observedOnly ?? []
          regionalEndpoints: one.?regionalEndpoints ?? false
          verify: one.?verify ?? 'missing'
          members: one.?members ?? true
        },
        one.?isFixed ?? false ? { regions: one.regions } : {}
      )
    ]
    secretSettings: vault.outputs.settings
    // Empty values count as not set.
    settings: {
      AzureWebJobsStorage__accountName: names.storageAccount
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identities.outputs.appClientId
      AZURE_CLIENT_ID: identities.outputs.appClientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identities.outputs.appClientId};Authorization=AAD'
      EVENT_GRID_TOPIC_ENDPOINT: topic.outputs.endpoint
      DELAYED_AFTER_SECONDS: string(delayedAfterSeconds)
      PROBE_AFTER_SECONDS: string(probeAfterSeconds)
      RETENTION_DAYS: string(retentionDays)
      WEBHOOK_MANAGEMENT: webhookManagement
      PUBLIC_URL: publicUrl
      CALLBACK_ORIGINS: callbackOrigins
      GITHUB_APP_ID: githubAppId
      GITHUB_IMAGE_TEMPLATE: githubImageTemplate
      ARM_ENDPOINT: armEndpoint
    }
  }
}

// Last of the services, after those that take long.
module registryRoles 'roles.bicep' = [
  for (one, i) in registries: {
    scope: az.resourceGroup(places[i].subscriptionId, places[i].resourceGroup)
    dependsOn: [app]
    params: {
      appPrincipalId: identities.outputs.appPrincipalId
      registryName: one.name
      readsManifests: (one.?regionalEndpoints ?? false) || (one.?members ?? true)
      hasAbac: one.?abac ?? false
      registryRoleId: empty(registryRoleId) ? registryRole[i]!.outputs.id : registryRoleId
    }
  }
]

// After the app, so that the app accepts a new secret before a webhook sends it.
module webhooks 'registry-webhooks.bicep' = [
  for (one, i) in registries: {
    scope: az.resourceGroup(places[i].subscriptionId, places[i].resourceGroup)
    params: {
      registryName: one.name
      regions: one.regions
      publicUrl: empty(publicUrl) ? app.outputs.url : publicUrl
      secret: webhookSecret
      token: token
      tags: tags
    }
  }
]

module serviceHealth 'service-health.bicep' = [
  for (one, i) in registries: if (watchesServiceHealth) {
    scope: az.resourceGroup(places[i].subscriptionId, places[i].resourceGroup)
    params: {
      registryName: one.name
      publicUrl: empty(publicUrl) ? app.outputs.url : publicUrl
      secret: webhookSecret
      token: token
      tags: tags
    }
  }
]

module alerts 'alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    insightsId: monitoring.outputs.insightsId
    topicId: topic.outputs.id
    delayedSubscription: names.delayedSubscription
    url: app.outputs.url
    watchesHealth: watchesHealth
    expectedRegions: flatten(map(
      registries,
      one =>
        map(
          filter(one.regions, region => !contains(one.?observedOnly ?? [], region)),
          region => '${toLower(one.name)} ${region}'
        )
    ))
    email: alertEmail
    actionGroupIds: actionGroupIds
  }
}

module diagnostics 'diagnostics.bicep' = if (resourceLogs != 'none') {
  scope: group
  dependsOn: [storage, topic, vault, app]
  params: {
    workspaceId: monitoring.outputs.workspaceId
    everything: resourceLogs == 'all'
    storageAccountName: names.storageAccount
    topicName: names.topic
    vaultName: names.vault
    appName: names.app
  }
}

module workbook 'workbook.bicep' = {
  scope: group
  params: { location: location, tags: tags, insightsId: monitoring.outputs.insightsId }
}

// Event Grid subscriptions. They are not created by the template: one needs a function that exists only after the first
// deployment, all need roles that were assigned a moment ago, and a template does not retry.
// `scripts/finish-deployment.ts` creates them from this list, with retries.

output TRACKER_EVENT_SUBSCRIPTIONS object[] = [
  for i in range(0, subscribesToRegistryEvents ? length(registries) + 1 : 1): i == 0
    ? {
        // For people. Event Grid counts deliveries to the queue, and the alert uses that metric, so it needs no log.
        id: '${topic.outputs.id}/eventSubscriptions/${names.delayedSubscription}'
        properties: {
          eventDeliverySchema: 'CloudEventSchemaV1_0'
          filter: { includedEventTypes: ['AcrReplication.ReplicationDelayed'] }
          deliveryWithResourceIdentity: {
            identity: { type: 'SystemAssigned' }
            destination: {
              endpointType: 'StorageQueue'
              properties: {
                resourceId: storage.outputs.id
                queueName: names.delayedQueue
                queueMessageTimeToLiveInSeconds: 7 * 24 * 60 * 60
              }
            }
          }
          deadLetterWithResourceIdentity: {
            identity: { type: 'SystemAssigned' }
            deadLetterDestination: {
              endpointType: 'StorageBlob'
              properties: { resourceId: storage.outputs.id, blobContainerName: names.undeliveredContainer }
            }
          }
        }
      }
    : {
        id: '${resourceId(places[i - 1].subscriptionId, places[i - 1].resourceGroup, 'Microsoft.EventGrid/systemTopics', places[i - 1].topic)}/eventSubscriptions/tracker-${token}'
        properties: {
          // The CloudEvents form of these events does not contain their region.
          eventDeliverySchema: 'EventGridSchema'
          filter: {
            includedEventTypes: ['Microsoft.ContainerRegistry.ImagePushed', 'Microsoft.ContainerRegistry.ImageDeleted']
          }
          destination: {
            endpointType: 'AzureFunction'
            properties: { resourceId: '${app.outputs.id}/functions/registryEvents', maxEventsPerBatch: 1 }
          }
          retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
          deadLetterWithResourceIdentity: {
            identity: { type: 'SystemAssigned' }
            deadLetterDestination: {
              endpointType: 'StorageBlob'
              properties: { resourceId: storage.outputs.id, blobContainerName: names.undeliveredContainer }
            }
          }
        }
      }
]

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output TRACKER_NAME string = app.outputs.name
output TRACKER_APP_ID string = app.outputs.id
output TRACKER_APP_URL string = app.outputs.url
output TRACKER_URL string = empty(publicUrl) ? app.outputs.url : publicUrl
output TRACKER_TOPIC_ID string = topic.outputs.id
output TRACKER_TOPIC_ENDPOINT string = topic.outputs.endpoint
output TRACKER_RESOURCE_MANAGER string = environment().resourceManager
