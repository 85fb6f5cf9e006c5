// The app's identity. Event Grid delivers with the identity of the topic.

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Suffix of the name.')
param token string

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-tracker-${token}'
  location: location
  tags: tags
}

output appId string = app.id
output appClientId string = app.properties.clientId
output appPrincipalId string = app.properties.principalId
