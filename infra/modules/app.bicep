// The function app on a Flex Consumption plan, and all its settings. It holds no key and no connection string with one.
param name string
param planName string
param location string
param tags object
param identityId string
param clientId string
param storageName string
param packageContainer string
param componentName string

@description('Endpoint of the Durable Task Scheduler; empty: the engine uses the app\'s account.')
param schedulerEndpoint string

@description('Subnet that the app joins; empty: none.')
param subnetId string

@description('Addresses that may call the app; empty: any.')
param callers array

@description('Whether the worker sends a trace of each run (docs/telemetry.md).')
param traceRuns bool

@description('The settings of the factory itself, by name.')
param factory object

var blobUri = 'https://${storageName}.blob.${environment().suffixes.storage}'
var queueUri = 'https://${storageName}.queue.${environment().suffixes.storage}'
var tableUri = 'https://${storageName}.table.${environment().suffixes.storage}'

var hostStorage = {
  AzureWebJobsStorage__blobServiceUri: blobUri
  AzureWebJobsStorage__queueServiceUri: queueUri
  AzureWebJobsStorage__tableServiceUri: tableUri
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: clientId
}
var factoryStorage = {
  FactoryStorage__blobServiceUri: blobUri
  FactoryStorage__queueServiceUri: queueUri
  FactoryStorage__credential: 'managedidentity'
  FactoryStorage__clientId: clientId
}
var telemetry = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
}
var traces = {
  PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
  OTEL_PYTHON_DISABLED_INSTRUMENTATIONS: 'azure_sdk,django,fastapi,flask,httpx,httpx2,psycopg2,requests,urllib,urllib3'
}
// host.json names no backend and so means storage, which every machine has; these override it (docs/deployment.md).
var engine = empty(schedulerEndpoint)
  ? {
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'AzureStorage'
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__partitionCount: '4'
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__maxQueuePollingInterval: '00:00:10'
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__controlQueueBatchSize: '32'
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__controlQueueBufferThreshold: '64'
    }
  : {
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
      AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
      DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${clientId}'
    }
var identity = {
  AZURE_CLIENT_ID: clientId
  LABS_TRIGGER_SOURCE: 'EventGrid'
}

// Event Grid tells the app of uploads and must be let in wherever others are shut out.
var allowed = concat(
  [{ name: 'event-grid', ipAddress: 'AzureEventGrid', tag: 'ServiceTag', action: 'Allow', priority: 100 }],
  map(range(0, length(callers)), index => {
    name: 'caller-${index}'
    ipAddress: contains(callers[index], '/') ? callers[index] : '${callers[index]}/32'
    action: 'Allow'
    priority: 200 + index
  })
)

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

module plan 'br/public:avm/res/web/serverfarm:0.7.0' = {
  name: 'plan'
  params: {
    name: planName
    location: location
    tags: tags
    skuName: 'FC1'
    kind: 'functionapp'
    reserved: true
    enableTelemetry: false
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  kind: 'functionapp,linux'
  tags: union(tags, { 'azd-service-name': 'factory' })
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.outputs.resourceId
    httpsOnly: true
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      runtime: { name: 'python', version: '3.13' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${blobUri}/${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: 40
        // A backend in storage is polled, and an app that sleeps would poll late.
        alwaysReady: empty(schedulerEndpoint) ? [{ name: 'durable', instanceCount: 1 }] : []
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      ipSecurityRestrictionsDefaultAction: empty(callers) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: empty(callers) ? [] : allowed
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: union(hostStorage, factoryStorage, telemetry, traceRuns ? traces : {}, engine, identity, factory)
  }

  // Deployment is done with Entra ID; the passwords that every app has are shut off.
  resource deploymentPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource transferPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }
}

output name string = app.name
output hostName string = app.properties.defaultHostName
