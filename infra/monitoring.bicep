// Logs and metrics. Application Insights accepts data from identities only, so its connection string, which says where
// to send, is no secret.

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Suffix of the workspace\'s name.')
param token string

@description('Required. Name of the Application Insights component.')
param insightsName string

@description('Required. Days that logs are kept.')
@minValue(30)
@maxValue(730)
param retentionInDays int

@description('Required. Maximum gigabytes of logs per day; 0 for no limit.')
@minValue(0)
param dailyCapInGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${token}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionInDays
    workspaceCapping: { dailyQuotaGb: dailyCapInGb == 0 ? -1 : dailyCapInGb }
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableLocalAuth: true
    WorkspaceResourceId: workspace.id
  }
}

output workspaceId string = workspace.id
output insightsId string = insights.id
output connectionString string = insights.properties.ConnectionString
