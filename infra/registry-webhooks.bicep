// One webhook for each region of one registry. A webhook event does not contain its region, so the webhook's URL does;
// and a webhook cannot be moved to another region.

@description('Required. Name of the registry.')
param registryName string

@description('Required. Regions, in short form.')
param regions string[]

@description('Required. Origin under which the registry reaches the app.')
param publicUrl string

@description('Required. Secret of the webhooks.')
@secure()
param secret string

@description('Required. Distinguishes the webhooks of two deployments.')
param token string

@description('Required. Tags.')
param tags object

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registryName
}

// One after the other: a new secret never reaches two regions at the same moment.
@batchSize(1)
resource webhooks 'Microsoft.ContainerRegistry/registries/webhooks@2025-04-01' = [
  for region in regions: {
    parent: registry
    name: take('tracker${region}${token}', 50)
    location: region
    tags: tags
    properties: {
      status: 'enabled'
      // A scope would restrict it to one repository, and lose every delete, which carries no tag.
      scope: ''
      actions: ['push', 'delete']
      // A URL may hold a key; this one does not, the header does.
      #disable-next-line use-secure-value-for-secure-inputs
      serviceUri: '${publicUrl}/api/webhooks/${toLower(registryName)}/${region}'
      customHeaders: { Authorization: 'Bearer ${secret}' }
    }
  }
]
