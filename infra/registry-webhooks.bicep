// One webhook for each region of one registry. A webhook does not say which region it speaks for, so its address does; and
// it belongs to the region it was made in for good.

@description('Required. Name of the registry.')
param registryName string

@description('Required. Regions, in short form.')
param regions string[]

@description('Required. Origin at which the registry reaches the app.')
param publicUrl string

@description('Required. What the webhooks authenticate with.')
@secure()
param secret string

@description('Required. Tells the webhooks of two deployments apart.')
param token string

@description('Required. Tags.')
param tags object

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registryName
}

// One after the other: with a new secret, no two regions change at the same moment.
@batchSize(1)
resource webhooks 'Microsoft.ContainerRegistry/registries/webhooks@2025-04-01' = [
  for region in regions: {
    parent: registry
    name: take('tracker${region}${token}', 50)
    location: region
    tags: tags
    properties: {
      status: 'enabled'
      // A scope would name one repository, and lose every delete: they carry no tag.
      scope: ''
      actions: ['push', 'delete']
      // An address may hold a key; this one holds none, the header does.
      #disable-next-line use-secure-value-for-secure-inputs
      serviceUri: '${publicUrl}/api/webhooks/${toLower(registryName)}/${region}'
      customHeaders: { Authorization: 'Bearer ${secret}' }
    }
  }
]
