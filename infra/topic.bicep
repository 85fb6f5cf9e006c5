// The topic on which the tracker tells. Whoever publishes or subscribes is an identity: there is no key.

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Name of the topic.')
param name string

@description('Required. Id of the identity with which Event Grid delivers.')
param courierId string

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${courierId}': {} }
  }
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
    publicNetworkAccess: 'Enabled'
  }
}

output id string = topic.id
output endpoint string = topic.properties.endpoint
