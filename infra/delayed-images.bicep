// Delayed images are also laid on a queue, for people. Event Grid counts how many it lays there, and that is what the alert
// looks at: it needs no line of log.

@description('Required. Name of the subscription.')
param name string

@description('Required. Name of the topic.')
param topicName string

@description('Required. Id of the identity with which Event Grid delivers.')
param courierId string

@description('Required. Id of the storage account.')
param storageAccountId string

@description('Required. Queue that gets what is told of delayed images.')
param delayedQueue string

@description('Required. Container for what could not be delivered.')
param undeliveredContainer string

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
}

resource delayed 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: name
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: { includedEventTypes: ['AcrReplication.ReplicationDelayed'] }
    deliveryWithResourceIdentity: {
      identity: { type: 'UserAssigned', userAssignedIdentity: courierId }
      destination: {
        endpointType: 'StorageQueue'
        properties: {
          resourceId: storageAccountId
          queueName: delayedQueue
          queueMessageTimeToLiveInSeconds: 7 * 24 * 60 * 60
        }
      }
    }
    deadLetterWithResourceIdentity: {
      identity: { type: 'UserAssigned', userAssignedIdentity: courierId }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: storageAccountId, blobContainerName: undeliveredContainer }
      }
    }
  }
}
