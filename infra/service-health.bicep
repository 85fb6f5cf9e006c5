// Alert rule that reports incidents of the service Container Registry to the app, which shows them as likely causes. In
// the registry's resource group, since a rule watches only its own subscription.

@description('Required. Name of the registry.')
param registryName string

@description('Required. Origin under which Azure Monitor reaches the app.')
param publicUrl string

@description('Required. Secret of the action group.')
@secure()
param secret string

@description('Required. Distinguishes the rules of two deployments.')
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
        // An action group sends no custom header: the secret is the password in the URL.
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
    description: 'Reports incidents of the service Container Registry to the replication tracker.'
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
