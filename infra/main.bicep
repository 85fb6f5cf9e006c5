// Everything the tracker needs on Azure, and nothing from elsewhere: a resource group with the app and what it stands on, and
// beside each existing registry its webhooks, its roles and the subscription to its own events.

targetScope = 'subscription'

import { caller, registry } from 'types.bicep'

// Where -----------------------------------------------------------------------------------------------------------------

@description('Required. Name of the environment; names and tags carry it.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Required. Region of the app. One that is not the home region of a registry tells of that region\'s outage, too.')
@minLength(1)
param location string

@description('Optional. Resource group of the app. Default: rg-<environment>.')
param resourceGroupName string = 'rg-${environmentName}'

@description('Optional. Spread app and storage over three zones; not every region has them.')
param zoneRedundant bool = false

// What is tracked -------------------------------------------------------------------------------------------------------

@description('Required. The registries to track, each with its regions.')
@minLength(1)
param registries registry[]

@description('Required. One or two secrets, comma-separated, at least 16 characters each. Webhooks are given the first one; the app takes both.')
@secure()
@minLength(16)
param webhookSecrets string

@description('Optional. The app is deployed, so Event Grid can be pointed at its function. azd sets this after the first deployment.')
param isDeployed bool = false

@description('Optional. Also subscribe to the registries\' own events, once the app is deployed.')
param subscribesToRegistryEvents bool = true

@description('Optional. Id of an existing role definition for the registries, where you may not define one. Default: one is defined for each registry, with no more than is needed.')
param registryRoleId string = ''

// How the app behaves: one parameter for each setting ---------------------------------------------------------------------

@description('Optional. Seconds until an image that is not everywhere is called delayed.')
@minValue(1)
param delayedAfterSeconds int = 900

@description('Optional. Seconds until silent replicas are first asked themselves.')
@minValue(1)
param probeAfterSeconds int = 60

@description('Optional. Days that finished images are kept.')
@minValue(1)
param retentionDays int = 90

@description('Optional. What the tracker does about the registries\' webhooks: nothing, look, or look and mend.')
@allowed(['off', 'audit', 'manage'])
param webhookManagement string = 'audit'

@description('Optional. Origin at which the registries reach the app, without a slash at its end. Default: the app\'s own.')
param publicUrl string = ''

@description('Optional. JSON array of who gets the registries\' webhooks once an image is where they need it. Holds secrets.')
@secure()
param forwardWebhooks string = ''

@description('Optional. 32 bytes in base64 that seal the tokens of deployment checks. Default: no checks.')
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

@description('Optional. Names the image of a deployment that does not.')
param githubImageTemplate string = ''

@description('Optional. Origin of Azure Resource Manager in another cloud than the public one.')
param armEndpoint string = ''

// Size and reach ----------------------------------------------------------------------------------------------------------

@description('Optional. Instances for HTTP that are always running. With none, a cold start can lose a webhook; with one, the loss of that one can.')
@minValue(1)
@maxValue(20)
param alwaysReadyInstances int = 2

@description('Optional. Requests that one instance takes at once. Waiting costs next to nothing, so many; another instance starts beyond it.')
@minValue(16)
@maxValue(1000)
param httpConcurrency int = 500

@description('Optional. Memory of an instance, in MB; its share of a processor follows.')
@allowed([512, 2048, 4096])
param instanceMemoryInMb int = 2048

@description('Optional. Instances at most.')
@minValue(1)
@maxValue(1000)
param mostInstances int = 40

@description('Optional. Id of a subnet, delegated to Microsoft.App/environments, from which private registries can be reached. Default: none.')
param subnetId string = ''

@description('Optional. Turn everybody away but the callers named and, by their service tags, those of Azure that speak to the app: registries, Event Grid, action groups, web tests. It is about the whole app, not about one path: name all who ask, wait or look.')
param restrictsCallers bool = false

@description('Optional. Who else may call, with restrictsCallers.')
param callers caller[] = []

// Who is told -------------------------------------------------------------------------------------------------------------

@description('Optional. E-mail address that alerts go to.')
param alertEmail string = ''

@description('Optional. Ids of existing action groups that alerts go to.')
param actionGroupIds string[] = []

@description('Optional. Ask the app every five minutes, from three places, whether it is there. Each question is billed.')
param watchesHealth bool = true

@description('Optional. Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Optional. Gigabytes of logs taken in a day at most; 0 for no limit. Beyond it alerts on logs fall silent.')
@minValue(0)
param logDailyCapInGb int = 5

// -------------------------------------------------------------------------------------------------------------------------

var token = uniqueString(subscription().id, environmentName, location)
var tags = { 'azd-env-name': environmentName }

// Said here once, so that what is given to whom can be read before anything is made.
var names = {
  storageAccount: 'st${token}'
  topic: 'evgt-${token}'
  insights: 'appi-${token}'
  undeliveredContainer: 'undelivered-events'
  delayedQueue: 'replication-delayed'
  delayedSubscription: 'delayed'
}

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
    undeliveredContainer: names.undeliveredContainer
    delayedQueue: names.delayedQueue
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
  params: { name: names.topic, location: location, tags: tags, courierId: identities.outputs.courierId }
}

module ownRoles 'roles.bicep' = {
  scope: group
  dependsOn: [storage, topic, monitoring]
  params: {
    appPrincipalId: identities.outputs.appPrincipalId
    courierPrincipalId: identities.outputs.courierPrincipalId
    storageAccountName: names.storageAccount
    undeliveredContainer: names.undeliveredContainer
    delayedQueue: names.delayedQueue
    topicName: names.topic
    insightsName: names.insights
  }
}

module registryRoles 'roles.bicep' = [
  for one in registries: {
    scope: az.resourceGroup(one.?subscriptionId ?? subscription().subscriptionId, one.resourceGroup)
    params: {
      appPrincipalId: identities.outputs.appPrincipalId
      registryName: one.name
      managesWebhooks: webhookManagement == 'manage'
      asksReplicas: one.?regionalEndpoints ?? false
      hasAbac: one.?abac ?? false
      registryRoleId: registryRoleId
      token: token
    }
  }
]

module delayedImages 'delayed-images.bicep' = {
  scope: group
  dependsOn: [ownRoles]
  params: {
    name: names.delayedSubscription
    topicName: names.topic
    courierId: identities.outputs.courierId
    storageAccountId: storage.outputs.id
    delayedQueue: names.delayedQueue
    undeliveredContainer: names.undeliveredContainer
  }
}

module app 'function-app.bicep' = {
  scope: group
  dependsOn: [ownRoles]
  params: {
    location: location
    tags: tags
    token: token
    identityId: identities.outputs.appId
    packageContainerUrl: storage.outputs.packageContainerUrl
    alwaysReadyInstances: alwaysReadyInstances
    httpConcurrency: httpConcurrency
    instanceMemoryInMb: instanceMemoryInMb
    mostInstances: mostInstances
    zoneRedundant: zoneRedundant
    subnetId: subnetId
    restrictsCallers: restrictsCallers
    callers: callers
    watchesHealth: watchesHealth
    registries: [
      for (one, i) in registries: union(
        {
          name: toLower(one.name)
          // Not always <name>.azurecr.io: it may carry a hash.
          loginServer: tracked[i].properties.loginServer
          resourceId: tracked[i].id
          observedOnly: one.?observedOnly ?? []
          regionalEndpoints: one.?regionalEndpoints ?? false
          verify: one.?verify ?? 'missing'
        },
        one.?isFixed ?? false ? { regions: one.regions } : {}
      )
    ]
    // What is empty counts as not set.
    settings: {
      AzureWebJobsStorage__accountName: names.storageAccount
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identities.outputs.appClientId
      AZURE_CLIENT_ID: identities.outputs.appClientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identities.outputs.appClientId};Authorization=AAD'
      EVENT_GRID_TOPIC_ENDPOINT: topic.outputs.endpoint
      WEBHOOK_SECRETS: webhookSecrets
      DELAYED_AFTER_SECONDS: string(delayedAfterSeconds)
      PROBE_AFTER_SECONDS: string(probeAfterSeconds)
      RETENTION_DAYS: string(retentionDays)
      WEBHOOK_MANAGEMENT: webhookManagement
      PUBLIC_URL: publicUrl
      FORWARD_WEBHOOKS: forwardWebhooks
      CALLBACK_KEY: callbackKey
      CALLBACK_ORIGINS: callbackOrigins
      GITHUB_WEBHOOK_SECRET: githubWebhookSecret
      GITHUB_APP_ID: githubAppId
      GITHUB_APP_PRIVATE_KEY: githubAppPrivateKey
      GITHUB_IMAGE_TEMPLATE: githubImageTemplate
      ARM_ENDPOINT: armEndpoint
    }
  }
}

// After the app, so that it takes a new secret before a webhook shows it.
module webhooks 'registry-webhooks.bicep' = [
  for one in registries: {
    scope: az.resourceGroup(one.?subscriptionId ?? subscription().subscriptionId, one.resourceGroup)
    params: {
      registryName: one.name
      regions: one.regions
      publicUrl: empty(publicUrl) ? app.outputs.url : publicUrl
      secret: trim(split(webhookSecrets, ',')[0])
      token: token
      tags: tags
    }
  }
]

module registryEvents 'registry-events.bicep' = [
  for (one, i) in registries: if (isDeployed && subscribesToRegistryEvents) {
    scope: az.resourceGroup(one.?subscriptionId ?? subscription().subscriptionId, one.resourceGroup)
    dependsOn: [ownRoles]
    params: {
      registryName: one.name
      location: tracked[i].location
      tags: tags
      token: token
      functionId: '${app.outputs.id}/functions/registryEvents'
      courierId: identities.outputs.courierId
      storageAccountId: storage.outputs.id
      undeliveredContainer: names.undeliveredContainer
      existingTopic: one.?systemTopic ?? ''
    }
  }
]

module alerts 'alerts.bicep' = {
  scope: group
  dependsOn: [delayedImages]
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

module workbook 'workbook.bicep' = {
  scope: group
  params: { location: location, tags: tags, insightsId: monitoring.outputs.insightsId }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output TRACKER_NAME string = app.outputs.name
output TRACKER_URL string = empty(publicUrl) ? app.outputs.url : publicUrl
output TRACKER_TOPIC_ID string = topic.outputs.id
output TRACKER_TOPIC_ENDPOINT string = topic.outputs.endpoint
