// Who acts. The app has one identity, Event Grid another: it may lay events down, and see nothing of what the app knows.

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Ends the names.')
param token string

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-tracker-${token}'
  location: location
  tags: tags
}

resource courier 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-event-grid-${token}'
  location: location
  tags: tags
}

output appId string = app.id
output appClientId string = app.properties.clientId
output appPrincipalId string = app.properties.principalId
output courierId string = courier.id
output courierPrincipalId string = courier.properties.principalId
