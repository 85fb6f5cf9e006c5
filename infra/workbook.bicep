// A workbook with charts: the lag of each region behind the first one that has an image.

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Id of the Application Insights component.')
param insightsId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insightsId, 'replication')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Replication by region'
    category: 'workbook'
    sourceId: insightsId
    serializedData: string(loadJsonContent('workbook.json'))
  }
}
