// The app itself: Flex Consumption, Linux, Node. Instances for HTTP are always ready, because the registry gives a webhook
// five seconds and never tries again; and each takes many requests at once, because most of them wait.
//
// Flex Consumption refuses a site with properties that belong to other plans (ARM 51021), in some regions and more of them
// over time. `test/support/flex-consumption.ts` lists them; what is not needed is not set here.

import { caller } from 'types.bicep'

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Ends the names.')
param token string

@description('Required. Id of the app\'s identity.')
param identityId string

@description('Required. Address of the container with the deployed package.')
param packageContainerUrl string

@description('Required. Name of the app.')
param name string

@description('Required. App settings, by name, but for REGISTRIES and what is secret.')
param settings object

@description('Required. App settings that refer to the vault.')
param secretSettings { name: string, value: string }[]

@description('Required. What becomes the setting REGISTRIES.')
param registries object[]

@description('Required. Major version of Node.')
param nodeVersion string

@description('Required. Instances for HTTP that are always running.')
param alwaysReadyInstances int

@description('Required. Other functions of which an instance is always running.')
param alwaysReadyFunctions string[]

@description('Required. Requests that one instance takes at once.')
param httpConcurrency int

@description('Required. Memory of an instance, in MB.')
param instanceMemoryInMb int

@description('Required. Instances at most.')
param maxInstances int

@description('Required. Spread the instances over zones.')
param zoneRedundant bool

@description('Required. Id of the subnet to call out from; empty: none.')
param subnetId string

@description('Required. Turn everybody away but the services of Azure below, and the callers named.')
param restrictsCallers bool

@description('Required. Who else may call.')
param callers caller[]

@description('Required. A web test asks the app whether it is there.')
param watchesHealth bool

// Webhooks, Event Grid for the registry's own events, and action groups for incidents of the registry's service.
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

// With zones no group has fewer than two.
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
  // By this azd finds where to deploy to.
  tags: union(tags, { 'azd-service-name': 'tracker' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    // Who reads the secrets that settings refer to.
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
      // A rule is about the whole app: no path can be opened or closed by itself.
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
