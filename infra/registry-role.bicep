// A role with the least permissions on one registry: every built-in role that may read a webhook's URL and log may also
// read the registry's passwords. It is defined first and assigned last, since a role cannot be assigned right after its
// definition.

@description('Required. Name of the registry.')
param registryName string

@description('Required. The tracker also writes and pings webhooks.')
param managesWebhooks bool

@description('Required. Distinguishes the roles of two deployments.')
param token string

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registryName
}

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(registry.id, token, 'replication-tracker')
  properties: {
    roleName: 'Replication tracker on ${registryName} (${token})'
    description: 'Reads the replicas and webhooks of ${registryName}${managesWebhooks ? ', and repairs its webhooks' : ''}.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: concat(
          [
            'Microsoft.ContainerRegistry/registries/read'
            'Microsoft.ContainerRegistry/registries/replications/read'
            'Microsoft.ContainerRegistry/registries/webhooks/read'
            'Microsoft.ContainerRegistry/registries/webhooks/getCallbackConfig/action'
            'Microsoft.ContainerRegistry/registries/webhooks/listEvents/action'
          ],
          managesWebhooks
            ? [
                'Microsoft.ContainerRegistry/registries/webhooks/write'
                'Microsoft.ContainerRegistry/registries/webhooks/ping/action'
                'Microsoft.ContainerRegistry/registries/webhooks/operationStatuses/read'
              ]
            : []
        )
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}

// Azure returns the id in this form: below the subscription, whatever the scope is.
output id string = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.name)
