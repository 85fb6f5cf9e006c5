// What opens something, out of the app settings: each secret is a version in this vault, and the setting names that version.
// A new secret is a new version, so a new setting, so the app restarts with it: nothing waits for the daily refresh of
// references without a version.

@description('Required. Name of the vault.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Turn everybody away but private endpoints.')
param isPrivate bool

@description('Required. The secrets, by the name of their setting; an empty one is none.')
@secure()
param secrets object

@description('Required. Names of the settings that have one.')
param names string[]

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    // Everything in it is a copy, and its name is the same after the group was deleted and is deployed anew: then it must be
    // possible to purge what is left of it, so there is no protection from purging.
    softDeleteRetentionInDays: 7
    networkAcls: { bypass: 'AzureServices', defaultAction: isPrivate ? 'Deny' : 'Allow' }
  }

  resource entries 'secrets' = [
    for setting in names: {
      // A secret's name has no underscore.
      name: replace(setting, '_', '-')
      properties: { value: secrets[setting] }
    }
  ]
}

output id string = vault.id
// What the platform replaces by the secret when the app starts.
output settings { name: string, value: string }[] = [
  for (setting, i) in names: {
    name: setting
    value: '@Microsoft.KeyVault(SecretUri=${vault::entries[i].properties.secretUriWithVersion})'
  }
]
