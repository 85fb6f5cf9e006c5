// The topic on which the tracker publishes. Publishing and subscribing require an identity: there is no key.

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Name of the topic.')
param name string

@description('Required. Accept events from private endpoints only.')
param isPrivate bool

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  // A system-assigned identity: only this kind may deliver to a storage account with a firewall (Event Grid, "Storage
  // queue as an event handler").
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

output id string = topic.id
output endpoint string = topic.properties.endpoint
output principalId string = topic.identity.principalId
