// The app's account: labs.json, the run folders, the queues, the package of the app and what the Functions host keeps.
param name string
param location string
param tags object
param packageContainer string
param topicName string

@description('Object id of the app\'s identity.')
param identityPrincipalId string

@description('Object id of whoever may upload labs.json; empty: nobody.')
param uploaderPrincipalId string

@description('Subnet for private endpoints, which close the account to public networks; empty: none.')
param endpointSubnetId string

@description('Ids of the private DNS zones of blobs, queues and tables, in this order.')
param zoneIds array

@description('Addresses that may reach the account although it is closed.')
param callers array

var roles = loadJsonContent('../roles/built-in.json')
var closed = !empty(endpointSubnetId)
var services = ['blob', 'queue', 'table']
var keptDays = 90
var needed = [
  roles['Storage Blob Data Owner']
  roles['Storage Queue Data Contributor']
  roles['Storage Table Data Contributor']
]

module account 'br/public:avm/res/storage/storage-account:0.33.0' = {
  name: 'app-account'
  params: {
    name: name
    location: location
    tags: tags
    skuName: 'Standard_LRS'
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: closed && empty(callers) ? 'Disabled' : 'Enabled'
    networkAcls: {
      // Event Grid, a trusted service, must see uploads even where the account is closed.
      bypass: 'AzureServices'
      defaultAction: closed ? 'Deny' : 'Allow'
      ipRules: map(closed ? callers : [], address => { action: 'Allow', value: address })
    }
    privateEndpoints: map(closed ? services : [], (service, index) => {
      service: service
      subnetResourceId: endpointSubnetId
      privateDnsZoneGroup: { privateDnsZoneGroupConfigs: [{ privateDnsZoneResourceId: zoneIds[index] }] }
    })
    blobServices: {
      deleteRetentionPolicyEnabled: true
      deleteRetentionPolicyDays: 7
      containerDeleteRetentionPolicyEnabled: true
      containerDeleteRetentionPolicyDays: 7
      containers: [
        { name: 'image-factory', publicAccess: 'None' }
        { name: 'image-factory-runs', publicAccess: 'None' }
        { name: packageContainer, publicAccess: 'None' }
      ]
    }
    queueServices: {
      queues: [
        { name: 'image-factory-requests' }
        { name: 'image-factory-requests-poison' }
        { name: 'image-factory-reports' }
      ]
    }
    managementPolicyRules: [
      {
        name: 'forget-old-runs'
        type: 'Lifecycle'
        enabled: true
        definition: {
          actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: keptDays } } }
          filters: {
            blobTypes: ['blockBlob']
            prefixMatch: ['image-factory-runs/runs/', 'image-factory-runs/keys/']
          }
        }
      }
    ]
    enableTelemetry: false
  }
}

resource made 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: name

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource configuration 'containers' existing = {
      name: 'image-factory'
    }
  }
}

resource app 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in needed: {
    name: guid(resourceGroup().id, name, identityPrincipalId, role)
    scope: made
    properties: {
      principalId: identityPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
    dependsOn: [account]
  }
]

resource uploader 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(uploaderPrincipalId)) {
  name: guid(resourceGroup().id, name, 'image-factory', uploaderPrincipalId, roles['Storage Blob Data Contributor'])
  scope: made::blobs::configuration
  properties: {
    principalId: uploaderPrincipalId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Storage Blob Data Contributor'])
  }
  dependsOn: [account]
}

// Its subscription is made by upload-events.bicep, once the app's code is there to answer.
module topic 'br/public:avm/res/event-grid/system-topic:0.7.0' = {
  name: 'system-topic'
  params: {
    name: topicName
    location: location
    tags: tags
    source: account.outputs.resourceId
    topicType: 'Microsoft.Storage.StorageAccounts'
    enableTelemetry: false
  }
}

output name string = account.outputs.name
output blobServiceUri string = 'https://${name}.blob.${environment().suffixes.storage}'
output queueServiceUri string = 'https://${name}.queue.${environment().suffixes.storage}'
output topicName string = topic.outputs.name
