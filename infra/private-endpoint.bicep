// One private endpoint. Its name is resolved by a private DNS zone, made here or by a policy of yours.

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Ends the names.')
param token string

@description('Required. Id of the subnet in which the endpoint is.')
param subnetId string

@description('Required. Id of the network of that subnet; empty: no zone is made.')
param networkId string

@description('Required. Id of what is reached through it.')
param targetId string

@description('Required. Which of its services: blob, table, queue, topic or vault.')
param service string

@description('Required. Zone in which its name is.')
param zoneName string

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = if (!empty(networkId)) {
  name: zoneName
  location: 'global'
  tags: tags

  resource link 'virtualNetworkLinks' = {
    name: 'tracker-${token}'
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: 'pe-${service}-${token}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: service, properties: { privateLinkServiceId: targetId, groupIds: [service] } }
    ]
  }

  resource names 'privateDnsZoneGroups' = if (!empty(networkId)) {
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: service, properties: { privateDnsZoneId: zone.id } }] }
  }
}
