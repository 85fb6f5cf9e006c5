// One private endpoint. A private DNS zone resolves its name, created here or by a policy of yours.

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Suffix of the names.')
param token string

@description('Required. Id of the subnet of the endpoint.')
param subnetId string

@description('Required. Id of the subnet\'s network; empty: no DNS zone is created.')
param networkId string

@description('Required. Id of the resource behind the endpoint.')
param targetId string

@description('Required. The service of that resource: blob, table, queue, topic or vault.')
param service string

@description('Required. Name of the DNS zone.')
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
