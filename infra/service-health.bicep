// Incidents of the service Container Registry, told to the app, which shows them as likely causes and counts them for nothing
// else. Beside the registry, since a rule watches only the subscription that it is in.

@description('Required. Name of the registry.')
param registryName string

@description('Required. Origin at which Azure Monitor reaches the app.')
param publicUrl string

@description('Required. What the action group authenticates with.')
@secure()
param secret string

@description('Required. Tells the rules of two deployments apart.')
param token string

@description('Required. Tags.')
param tags object

resource tracker 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-tracker-${toLower(registryName)}-${token}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'tracker'
    webhookReceivers: [
      {
        name: 'tracker'
        // An action group sends no header of its own: the secret is the password in the address.
        serviceUri: '${replace(publicUrl, 'https://', 'https://tracker:${uriComponent(secret)}@')}/api/service-health/${toLower(registryName)}'
        useCommonAlertSchema: true
      }
    ]
  }
}

resource incidents 'Microsoft.Insights/activityLogAlerts@2020-10-01' = {
  name: 'Container Registry incidents for ${registryName} (${token})'
  location: 'global'
  tags: tags
  properties: {
    description: 'Tells the replication tracker of incidents of the service Container Registry.'
    enabled: true
    scopes: [subscription().id]
    condition: {
      allOf: [
        { field: 'category', equals: 'ServiceHealth' }
        { field: 'properties.impactedServices[*].ServiceName', containsAny: ['Container Registry'] }
      ]
    }
    actions: { actionGroups: [{ actionGroupId: tracker.id }] }
  }
}
