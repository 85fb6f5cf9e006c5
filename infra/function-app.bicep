// The app: Flex Consumption, Linux, Node. Instances for HTTP are always ready, because the registry gives a webhook
// five seconds and never retries; each accepts many requests at once, because most of them wait.
//
// Flex Consumption refuses a site with properties of other plans (ARM 51021); which ones depends on the region and
// grows over time. `test/support/flex-consumption.ts` lists them; properties that are not needed are not set here.

import { caller } from 'types.bicep'

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Suffix of the names.')
param token string

@description('Required. Id of the app\'s identity.')
param identityId string

@description('Required. URL of the container with the deployed package.')
param packageContainerUrl string

@description('Required. Name of the app.')
param name string

@description('Required. App settings by name, without REGISTRIES and secrets.')
param settings object

@description('Required. App settings that reference the vault.')
param secretSettings { name: string, value: string }[]

@description('Required. Value of the setting REGISTRIES, as objects.')
param registries object[]

@description('Required. Major version of Node.')
param nodeVersion string

@description('Required. Number of HTTP instances that are always running.')
param alwaysReadyInstances int

@description('Required. Functions other than HTTP that always have an instance running.')
param alwaysReadyFunctions string[]

@description('Required. Concurrent requests per instance.')
param httpConcurrency int

@description('Required. Memory of an instance, in MB.')
param instanceMemoryInMb int

@description('Required. Maximum number of instances.')
param maxInstances int

@description('Required. Spread the instances over zones.')
param zoneRedundant bool

@description('Required. Id of the subnet for outbound calls; empty: none.')
param subnetId string

@description('Required. Refuse all callers except the services of Azure below and the given callers.')
param restrictsCallers bool

@description('Required. Additional allowed callers.')
param callers caller[]

@description('Required. A web test calls the app.')
param watchesHealth bool

// Webhooks, Event Grid for the registry's own events, and action groups for incidents of the registry service.
var services = concat(
  ['AzureContainerRegistry', 'AzureEventGrid', 'ActionGroup'],
  watchesHealth ? ['ApplicationInsightsAvailability'] : []
)

var serviceRules = map(services, (tag, i) => {
  name: tag
  tag: 'ServiceTag'
  ipAddress: tag
  action: 'Allow'
  priority: 100 + i
})

var callerRules = map(callers, (one, i) => {
  name: one.name
  tag: one.?serviceTag == null ? 'Default' : 'ServiceTag'
  ipAddress: one.?serviceTag ?? one.?range ?? ''
  action: 'Allow'
  priority: 200 + i
})

// With zones, every group has at least two instances.
var fewest = zoneRedundant ? 2 : 1
var alwaysReady = concat(
  [{ name: 'http', instanceCount: max(alwaysReadyInstances, fewest) }],
  map(alwaysReadyFunctions, function => { name: 'function:${function}', instanceCount: fewest })
)

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  // azd finds the app to deploy to by this tag.
  tags: union(tags, { 'azd-service-name': 'tracker' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    // The identity that reads the secrets referenced by settings.
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: {
        alwaysReady: alwaysReady
        instanceMemoryMB: instanceMemoryInMb
        maximumInstanceCount: maxInstances
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      appSettings: concat(
        map(
          items(union(settings, { REGISTRIES: string(registries) })),
          setting => { name: setting.key, value: setting.value }
        ),
        secretSettings
      )
      // Access restrictions apply to the whole app, not to single paths.
      ipSecurityRestrictions: restrictsCallers ? concat(serviceRules, callerRules) : []
      ipSecurityRestrictionsDefaultAction: restrictsCallers ? 'Deny' : 'Allow'
    }
  }

  resource noPasswordForDeployment 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output id string = app.id
output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
