// A registry in this deployment. One entry becomes one entry of the app's setting REGISTRIES, one webhook for each
// region, the roles on that registry, and the subscription to its own events.

@export()
@description('An existing registry to track.')
@sealed()
type registry = {
  @description('Required. Name of the registry.')
  @minLength(5)
  @maxLength(50)
  name: string

  @description('Required. Resource group of the registry.')
  resourceGroup: string

  @description('Optional. Subscription of the registry. Default: that of the deployment.')
  subscriptionId: string?

  @description('Required. Every region with a replica, the home region included, in short form (westeurope): each gets a webhook.')
  @minLength(1)
  regions: string[]

  @description('Optional. Wait for exactly these regions, and do not read the replicas from Azure Resource Manager. Default: false.')
  isFixed: bool?

  @description('Optional. Regions that are shown, but not waited for unless a request names them. Default: none.')
  observedOnly: string[]?

  @description('Optional. The registry has regional endpoints, so that single replicas can be probed. Default: false.')
  regionalEndpoints: bool?

  @description('Optional. How far a report is trusted; "confirm" and "deep" need regionalEndpoints. Default: missing.')
  verify: ('missing' | 'confirm' | 'deep')?

  @description('Optional. Read the manifests that an index lists, so that a region has the index only with all of them. Default: true.')
  members: bool?

  @description('Optional. The registry uses role assignments by repository (ABAC), where AcrPull has no effect. Default: false.')
  abac: bool?

  @description('Optional. Name of an existing Event Grid system topic of the registry, in the registry\'s resource group and with an identity of its own: a registry can have only one. Default: evgst-<name>, created here and shared by all deployments.')
  systemTopic: string?
}

@export()
@description('An address range or service that may call the app.')
@sealed()
type caller = {
  @description('Required. Shown in the portal.')
  @maxLength(32)
  name: string

  @description('Conditional. Range in CIDR notation. This or serviceTag.')
  range: string?

  @description('Conditional. Service tag, such as AzureDevOps. This or range.')
  serviceTag: string?
}
