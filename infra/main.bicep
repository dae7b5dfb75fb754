// Everything that the factory runs on. Rights on labs are not given here: see access.bicep.
targetScope = 'subscription'

@minLength(1)
@maxLength(40)
@description('Name of the azd environment; the names of all resources are made from it.')
param environmentName string

@minLength(1)
@description('Region of the app. Best the region of the factory lab.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Object id of whoever deploys; may upload labs.json. Empty: nobody.')
param principalId string = deployer().objectId

@description('Id of the subscription of the factory lab; empty: this subscription.')
param factorySubscriptionId string = ''

@minLength(1)
@description('Resource group of the factory lab.')
param factoryResourceGroup string

@minLength(1)
@description('Name of the factory lab.')
param factoryLabName string

@description('Ids of the subscriptions whose labs may be served, separated by commas; empty: that of the factory lab.')
param allowedSubscriptionIds string = ''

@description('Regions that get a hub account, separated by commas, such as northeurope,eastus. Not the factory lab\'s own.')
param hubRegions string = ''

@description('Whether a lab\'s staged copy may be read by the copies of other labs.')
param relayThroughLabs bool = false

@description('When the timer starts a run: NCRONTAB with seconds, UTC.')
param refreshSchedule string = '0 0 3 * * *'

@minValue(1)
@maxValue(10000)
@description('Copies in flight at once, in all regions together.')
param maxConcurrentCopies int = 200

@minValue(1)
@maxValue(100)
@description('Copies that read from one VHD at once.')
param copiesPerSource int = 1

@allowed(['scheduler', 'storage'])
@description('Where the engine keeps its state: a Durable Task Scheduler, or queues and tables of the app\'s account.')
param durableBackend string = 'scheduler'

@description('Whether a trace of each run is sent to Application Insights; needs a line in requirements.txt (docs/telemetry.md).')
param traceRuns bool = false

@description('Whether the app joins a virtual network and reaches its account through private endpoints.')
param vnetEnabled bool = false

@description('With vnetEnabled: whether the hubs are closed to public networks too. Every lab\'s account then needs a private endpoint.')
param privateHubs bool = false

@description('Addresses that may call the app, and with vnetEnabled its account, such as 203.0.113.0/24,198.51.100.7; empty: any.')
param callerIpRanges string = ''

var abbreviations = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var regions = empty(hubRegions) ? [] : map(split(hubRegions, ','), region => toLower(replace(region, ' ', '')))
var hubs = map(regions, region => {
  region: region
  account: '${abbreviations.storage}hub${uniqueString(subscription().id, environmentName, region)}'
})
var callers = empty(callerIpRanges) ? [] : map(split(callerIpRanges, ','), address => trim(address))
var factorySubscription = empty(factorySubscriptionId) ? subscription().subscriptionId : factorySubscriptionId
var appName = '${abbreviations.functionApp}${token}'
var packageContainer = 'app-package'

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${abbreviations.resourceGroup}${environmentName}'
  location: location
  tags: tags
}

module identity 'br/public:avm/res/managed-identity/user-assigned-identity:0.6.0' = {
  name: 'identity'
  scope: group
  params: {
    name: '${abbreviations.identity}${token}'
    location: location
    tags: tags
    enableTelemetry: false
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: '${abbreviations.logAnalytics}${token}'
    componentName: '${abbreviations.applicationInsights}${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
  }
}

module network 'modules/network.bicep' = if (vnetEnabled) {
  name: 'network'
  scope: group
  params: {
    name: '${abbreviations.virtualNetwork}${token}'
    location: location
    tags: tags
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: '${abbreviations.storage}${token}'
    location: location
    tags: tags
    packageContainer: packageContainer
    topicName: '${abbreviations.systemTopic}${token}'
    identityPrincipalId: identity.outputs.principalId
    uploaderPrincipalId: principalId
    endpointSubnetId: vnetEnabled ? network!.outputs.endpointSubnetId : ''
    zoneIds: vnetEnabled ? network!.outputs.zoneIds : []
    callers: callers
  }
}

module hub 'modules/hub.bicep' = [
  for each in hubs: {
    name: 'hub-${each.region}'
    scope: group
    params: {
      name: each.account
      location: each.region
      tags: tags
      identityPrincipalId: identity.outputs.principalId
      endpointSubnetId: vnetEnabled ? network!.outputs.endpointSubnetId : ''
      blobZoneId: vnetEnabled ? network!.outputs.zoneIds[0] : ''
      closed: vnetEnabled && privateHubs
    }
  }
]

module scheduler 'modules/scheduler.bicep' = if (durableBackend == 'scheduler') {
  name: 'scheduler'
  scope: group
  params: {
    name: '${abbreviations.scheduler}${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  scope: group
  params: {
    name: appName
    planName: '${abbreviations.functionPlan}${token}'
    location: location
    tags: tags
    identityId: identity.outputs.resourceId
    clientId: identity.outputs.clientId
    storageName: storage.outputs.name
    packageContainer: packageContainer
    componentName: monitoring.outputs.componentName
    schedulerEndpoint: durableBackend == 'scheduler' ? scheduler!.outputs.endpoint : ''
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
    callers: callers
    traceRuns: traceRuns
    factory: {
      FACTORY_SUBSCRIPTION_ID: factorySubscription
      FACTORY_RESOURCE_GROUP: factoryResourceGroup
      FACTORY_LAB_NAME: factoryLabName
      ALLOWED_SUBSCRIPTION_IDS: allowedSubscriptionIds
      REGION_HUBS: string(toObject(hubs, each => each.region, each => each.account))
      RELAY_THROUGH_LABS: toLower(string(relayThroughLabs))
      REFRESH_SCHEDULE: refreshSchedule
      MAX_CONCURRENT_COPIES: string(maxConcurrentCopies)
      COPIES_PER_SOURCE: string(copiesPerSource)
    }
  }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output FUNCTION_APP_NAME string = app.outputs.name
output IMAGE_FACTORY_URL string = 'https://${app.outputs.hostName}'
output IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
output STORAGE_ACCOUNT_NAME string = storage.outputs.name
output SYSTEM_TOPIC_NAME string = storage.outputs.topicName
output HUB_ACCOUNTS array = [for each in hubs: each.account]
output ENDPOINT_SUBNET_ID string = vnetEnabled ? network!.outputs.endpointSubnetId : ''
output BLOB_ZONE_ID string = vnetEnabled ? network!.outputs.zoneIds[0] : ''

// The settings that `python -m factory check-access` needs on the machine of an administrator.
output FACTORY_SUBSCRIPTION_ID string = factorySubscription
output FACTORY_RESOURCE_GROUP string = factoryResourceGroup
output FACTORY_LAB_NAME string = factoryLabName
output ALLOWED_SUBSCRIPTION_IDS string = allowedSubscriptionIds
output REGION_HUBS string = string(toObject(hubs, each => each.region, each => each.account))
output RELAY_THROUGH_LABS string = toLower(string(relayThroughLabs))
output FactoryStorage__blobServiceUri string = storage.outputs.blobServiceUri
output FactoryStorage__queueServiceUri string = storage.outputs.queueServiceUri
