// What a registry is to this deployment. One entry here becomes one entry of the app's setting REGISTRIES, one webhook for
// each region, the roles on that registry, and the subscription to its own events.

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

  @description('Optional. Subscription of the registry. Default: the one deployed to.')
  subscriptionId: string?

  @description('Required. Every region with a replica, the home region included, in short form (westeurope): each gets a webhook.')
  @minLength(1)
  regions: string[]

  @description('Optional. Wait for exactly these regions, and do not ask Azure Resource Manager which replicas there are. Default: false.')
  isFixed: bool?

  @description('Optional. Regions that are shown and never waited for. Default: none.')
  observedOnly: string[]?

  @description('Optional. The registry has regional endpoints, so that each replica can be asked by itself. Default: false.')
  regionalEndpoints: bool?

  @description('Optional. How far a report is trusted; "confirm" and "deep" need regionalEndpoints. Default: missing.')
  verify: ('missing' | 'confirm' | 'deep')?

  @description('Optional. Read what an index lists, so that a region has it once it has every manifest of it. Default: true.')
  members: bool?

  @description('Optional. The registry has role assignments by repository (ABAC), where AcrPull means nothing. Default: false.')
  abac: bool?

  @description('Optional. Name of the Event Grid system topic that the registry has already from somebody else, in its own resource group and with an identity of its own: there can be only one. Default: evgst-<name>, made here and shared by all deployments.')
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
