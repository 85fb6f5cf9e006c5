// The Event Grid system topic of one registry: its own events, a second source beside the webhooks. A registry has only one,
// so it is nobody's: every deployment asks for the same one under the same name, and each has its own subscription on it.

@description('Required. Name of the registry.')
param registryName string

@description('Required. Home region of the registry: a system topic lives where its source does.')
param location string

@description('Required. Name of the topic.')
param name string

@description('Required. The topic is there already, under that name.')
param isGiven bool

@description('Required. Ends the name of what this deployment collects of it.')
param token string

@description('Required. Id of the workspace for what could not be delivered; empty: not collected.')
param workspaceId string

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registryName
}

resource made 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (!isGiven) {
  name: name
  location: location
  // No tags: those of one deployment would be taken off by the next.
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

// With it the topic lays down what it could not deliver. One of somebody else may have none. Not by
// `az eventgrid system-topic update`, which sends no identity (Azure/azure-cli#27108, #28064).
var advice = 'az rest --method patch --uri "${topic.id}?api-version=2025-02-15" --body \'{"identity":{"type":"SystemAssigned"}}\''

output principalId string = isGiven
  ? (topic.?identity.?principalId == null
      ? fail('The system topic ${name} has no identity of its own: ${advice}')
      : topic.identity.principalId)
  : made!.identity.principalId
