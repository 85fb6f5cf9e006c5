// Secrets of the app settings: each is a version of a secret in this vault, and the setting references that version. A
// new secret is a new version and so a new setting, with which the app restarts; references without a version would be
// refreshed only daily.

@description('Required. Name of the vault.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Refuse access except from private endpoints.')
param isPrivate bool

@description('Required. The secrets, by the name of their setting; empty ones are not stored.')
@secure()
param secrets object

@description('Required. Names of the settings that have a secret.')
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
    // All its content is a copy, and its name is reused when the group is deleted and deployed again: the deleted vault
    // must then be purged, so purge protection is off.
    softDeleteRetentionInDays: 7
    networkAcls: { bypass: 'AzureServices', defaultAction: isPrivate ? 'Deny' : 'Allow' }
  }

  resource entries 'secrets' = [
    for setting in names: {
      // A secret's name cannot contain an underscore.
      name: replace(setting, '_', '-')
      properties: { value: secrets[setting] }
    }
  ]
}

output id string = vault.id
// References that the platform replaces by the secrets when the app starts.
output settings { name: string, value: string }[] = [
  for (setting, i) in names: {
    name: setting
    value: '@Microsoft.KeyVault(SecretUri=${vault::entries[i].properties.secretUriWithVersion})'
  }
]
