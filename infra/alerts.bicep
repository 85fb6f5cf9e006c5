// Alerts for people. Two use metrics: the number of delayed images that Event Grid delivers, and a web test of the app.
// The others use lines that the app, or the Functions host, writes to the log.

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Suffix of the names.')
param token string

@description('Required. Id of the Application Insights component.')
param insightsId string

@description('Required. Id of the topic.')
param topicId string

@description('Required. Subscription of the topic that delivers delayed images to a queue.')
param delayedSubscription string

@description('Required. Origin of the app.')
param url string

@description('Required. Test the app\'s health from outside.')
param watchesHealth bool

@description('Required. Every region that images are waited for in, each as "registry region".')
param expectedRegions string[]

@description('Required. E-mail address for alerts; empty: none.')
param email string

@description('Required. Ids of existing action groups.')
param actionGroupIds string[]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-${token}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'tracker'
    emailReceivers: [{ name: 'people', emailAddress: email, useCommonAlertSchema: true }]
  }
}

var recipients = concat(actionGroupIds, empty(email) ? [] : [people.id])

resource delayed 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'Delayed images (${token})'
  location: 'global'
  tags: tags
  properties: {
    description: 'An image is still missing in a region after DELAYED_AFTER_SECONDS. Which: the queue replication-delayed, or GET /api/images?state=delayed.'
    severity: 2
    enabled: true
    scopes: [topicId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'delayed'
          metricNamespace: 'Microsoft.EventGrid/topics'
          metricName: 'MatchedEventCount'
          dimensions: [{ name: 'EventSubscriptionName', operator: 'Include', values: [delayedSubscription] }]
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
          skipMetricValidation: true
        }
      ]
    }
    actions: [for id in recipients: { actionGroupId: id }]
  }
}

// An app that does not start logs nothing, so its health is tested from outside.
resource health 'Microsoft.Insights/webtests@2022-06-15' = if (watchesHealth) {
  name: 'health-${token}'
  location: location
  tags: union(tags, { 'hidden-link:${insightsId}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: 'health-${token}'
    Name: 'Health (${token})'
    Enabled: true
    Kind: 'standard'
    Frequency: 300
    Timeout: 30
    RetryEnabled: true
    Locations: [{ Id: 'emea-nl-ams-azr' }, { Id: 'us-va-ash-azr' }, { Id: 'apac-sg-sin-azr' }]
    Request: { RequestUrl: '${url}/api/health', HttpVerb: 'GET', ParseDependentRequests: false }
    ValidationRules: { ExpectedHttpStatusCode: 200 }
  }
}

resource away 'Microsoft.Insights/metricAlerts@2018-03-01' = if (watchesHealth) {
  name: 'Tracker away (${token})'
  location: 'global'
  tags: union(tags, { 'hidden-link:${insightsId}': 'Resource', 'hidden-link:${health.id}': 'Resource' })
  properties: {
    description: 'Most test locations get no 200 from GET /api/health: the app or its storage is down. Webhooks sent meanwhile may not arrive; the tracker recovers them after its start, if the registry has one of three other sources.'
    severity: 1
    enabled: true
    scopes: [health.id, insightsId]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: health.id
      componentId: insightsId
      failedLocationCount: 2
    }
    actions: [for id in recipients: { actionGroupId: id }]
  }
}

var rules = {
  publishing: {
    name: 'Events not published'
    description: 'The topic has accepted no events for some minutes, or refuses one. Answers stay correct; events follow once it accepts them.'
    severity: 1
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    dimensions: []
    query: '''
traces
| where message has_any ("events not accepted by the topic", "event not published")
| summarize minutes = dcount(bin(timestamp, 1m)), refused = countif(message has "event not published")
| where minutes >= 3 or refused > 0
'''
  }
  losses: {
    name: 'Webhook lost'
    description: 'Neither the tables nor the queue stored a webhook event, and the registry does not send it again. The tracker recovers it from the registry\'s log of deliveries, from the registry\'s Event Grid events, or by asking the replica, whichever is set up.'
    severity: 1
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    dimensions: []
    query: '''
traces
| where message has "webhook not stored"
| summarize events = count()
| where events > 0
'''
  }
  unread: {
    name: 'Lost webhooks not fetched'
    description: 'The registry\'s log of deliveries could not be read for an hour. Until it can be read again, lost webhooks are found only through the registry\'s Event Grid events or by asking the replicas.'
    severity: 2
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    dimensions: ['registry']
    query: '''
traces
| where message has "delivery log not read"
| extend registry = extract(@'registry="([^"]+)"', 1, message)
| summarize quarters = dcount(bin(timestamp, 15m)) by registry
| where quarters >= 4
'''
  }
  poison: {
    name: 'Work not done'
    description: 'A queue message failed a hundred times and is in a poison queue, a target did not accept a forwarded webhook for a day, or due work failed ten times in a row.'
    severity: 1
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    dimensions: ['queue']
    query: '''
traces
| where (message has "Moving message to queue" and message has "-poison") or message has_any ("forward dead-lettered", "due work keeps failing")
| extend queue = case(message has "due work", "due work", coalesce(extract(@"Moving message to queue '([^']+)'", 1, message), "replication-forwards-given-up"))
| summarize messages = count() by queue
'''
  }
  silence: {
    name: 'Region silent'
    description: 'A region reported nothing in the last two hours, in which other regions reported three images or more, or its webhook is missing, disabled or misconfigured.'
    severity: 2
    evaluationFrequency: 'PT30M'
    windowSize: 'PT2H'
    dimensions: ['registry', 'region']
    query: '''
let expected = print place = dynamic({expected})
  | mv-expand place to typeof(string)
  | extend registry = tostring(split(place, " ")[0]), region = tostring(split(place, " ")[1]);
let arrivals = traces
  | where message matches regex @"^(push|delete) \w+ \S+@sha256:\S+ \S+$"
  | parse message with * " " * " " image " " region
  | extend registry = tostring(split(image, "/")[0]);
let wrong = traces
  | where message matches regex @"\bwebhook (missing|disabled|misconfigured) registry="
  | project registry = extract(@'registry="([^"]+)"', 1, message), region = extract(@'region="([^"]+)"', 1, message);
expected
| join kind=inner (arrivals | where timestamp < ago(30m) | summarize images = dcount(image) by registry | where images >= 3) on registry
| join kind=leftanti (arrivals | distinct registry, region) on registry, region
| project registry, region
| union wrong
| distinct registry, region
'''
  }
  staleness: {
    name: 'Replica set stale'
    description: 'A registry\'s replicas could not be read for an hour. The last known set is used.'
    severity: 2
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    dimensions: ['registry']
    query: '''
traces
| where message has "replica set refresh failed" or message has "replica set not read"
| extend registry = extract(@'registry="([^"]+)"', 1, message)
| summarize quarters = dcount(bin(timestamp, 15m)) by registry
| where quarters >= 4
'''
  }
}

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in items(rules): {
    name: '${rule.value.name} (${token})'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.value.name
      description: rule.value.description
      severity: rule.value.severity
      enabled: true
      scopes: [insightsId]
      targetResourceTypes: ['Microsoft.Insights/components']
      evaluationFrequency: rule.value.evaluationFrequency
      windowSize: rule.value.windowSize
      autoMitigate: true
      // The log tables are created with the first line.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: replace(rule.value.query, '{expected}', string(expectedRegions))
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: map(rule.value.dimensions, name => { name: name, operator: 'Include', values: ['*'] })
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: recipients }
    }
  }
]
