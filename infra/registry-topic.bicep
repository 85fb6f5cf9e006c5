// The Event Grid system topic of one registry, the source of its own events besides the webhooks. A registry can have
// only one, so deployments share it: each creates it under the same name and has its own subscription.

@description('Required. Name of the registry.')
param registryName string

@description('Required. Home region of the registry: a system topic lives where its source does.')
param location string

@description('Required. Name of the topic.')
param name string

@description('Required. The topic exists already, under that name.')
param isGiven bool

@description('Required. Suffix of the name of this deployment\'s diagnostic setting.')
param token string

@description('Required. Id of the workspace for failed deliveries; empty: not collected.')
param workspaceId string

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registryName
}

resource made 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (!isGiven) {
  name: name
  location: location
  // No tags: each deployment would remove those of the others.
  identity: { type: 'SystemAssigned' }
  properties: {
    source: registry.id
    topicType: 'Microsoft.ContainerRegistry.Registries'
  }
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: name
}

resource failures 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(workspaceId)) {
  scope: topic
  name: 'tracker-${token}'
  dependsOn: [made]
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'DeliveryFailures', enabled: true }]
  }
}

// The topic writes undelivered events with this identity. A topic made by others may have none. Not set by `az
// eventgrid system-topic update`, which sends no identity (Azure/azure-cli#27108, #28064).
var advice = 'az rest --method patch --uri "${topic.id}?api-version=2025-02-15" --body \'{"identity":{"type":"SystemAssigned"}}\''

output principalId string = isGiven
  ? (topic.?identity.?principalId == null
      ? fail('The system topic ${name} has no identity of its own: ${advice}')
      : topic.identity.principalId)
  : made!.identity.principalId
