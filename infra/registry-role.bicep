// A role with no more than is needed on one registry: no built-in role may read a webhook's address and log without also
// reading the registry's passwords. It is defined at the very beginning and assigned after everything else, since a role
// cannot be assigned in the first moments after it was defined.

@description('Required. Name of the registry.')
param registryName string

@description('Required. The tracker also writes and pings webhooks.')
param managesWebhooks bool

@description('Required. Tells the roles of two deployments apart.')
param token string

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registryName
}

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(registry.id, token, 'replication-tracker')
  properties: {
    roleName: 'Replication tracker on ${registryName} (${token})'
    description: 'Reads the replicas and webhooks of ${registryName}${managesWebhooks ? ', and sets its webhooks right' : ''}.'
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

// As Azure itself writes it: below the subscription, whatever the scope is.
output id string = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.name)
