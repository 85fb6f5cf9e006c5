// The registry's own events, a second source beside the webhooks: these are delivered again until they are taken. Needs
// the function to be there, so it comes after the first deployment of the app.

@description('Required. Name of the registry.')
param registryName string

@description('Required. Home region of the registry: a system topic lives where its source does.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Tells the subscriptions of two deployments apart.')
param token string

@description('Required. Id of the function that takes the events.')
param functionId string

@description('Required. Id of the identity with which Event Grid lays down what nobody took.')
param courierId string

@description('Required. Id of the storage account.')
param storageAccountId string

@description('Required. Container for what could not be delivered.')
param undeliveredContainer string

@description('Required. Name of the system topic that the registry has already; empty: one is made.')
param existingTopic string

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registryName
}

// A system topic's name has at most 50 characters.
var ownTopic = 'evgst-${take(registryName, 30)}-${token}'

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (empty(existingTopic)) {
  name: ownTopic
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${courierId}': {} }
  }
  properties: {
    source: registry.id
    topicType: 'Microsoft.ContainerRegistry.Registries'
  }
}

resource subscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  name: '${empty(existingTopic) ? ownTopic : existingTopic}/tracker-${token}'
  dependsOn: [topic]
  properties: {
    // The CloudEvents form of these events does not say which region they come from.
    eventDeliverySchema: 'EventGridSchema'
    filter: {
      includedEventTypes: ['Microsoft.ContainerRegistry.ImagePushed', 'Microsoft.ContainerRegistry.ImageDeleted']
    }
    destination: {
      endpointType: 'AzureFunction'
      properties: { resourceId: functionId, maxEventsPerBatch: 1 }
    }
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
    // A topic that was there before does not have the identity that may lay them down.
    deadLetterWithResourceIdentity: empty(existingTopic)
      ? {
          identity: { type: 'UserAssigned', userAssignedIdentity: courierId }
          deadLetterDestination: {
            endpointType: 'StorageBlob'
            properties: { resourceId: storageAccountId, blobContainerName: undeliveredContainer }
          }
        }
      : null
  }
}
