// The factory's account in a region: it holds the staged copies that the labs of the region are served from.
param name string
param location string
param tags object

@description('Object id of the app\'s identity.')
param identityPrincipalId string

@description('Subnet for a private endpoint through which the app reaches the account; empty: none.')
param endpointSubnetId string

@description('Id of the private DNS zone of blobs.')
param blobZoneId string

@description('Whether public networks are shut out. A copy then needs private endpoints at both its ends.')
param closed bool

var roles = loadJsonContent('../roles/built-in.json')
var needed = [roles['Storage Blob Data Contributor'], roles['Storage Blob Delegator']]

module account 'br/public:avm/res/storage/storage-account:0.33.0' = {
  name: 'account-${location}'
  params: {
    name: name
    location: location
    tags: tags
    skuName: 'Standard_LRS'
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowedCopyScope: 'AAD'
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: closed ? 'Deny' : 'Allow'
    }
    privateEndpoints: map(empty(endpointSubnetId) ? [] : [endpointSubnetId], subnet => {
      service: 'blob'
      subnetResourceId: subnet
      privateDnsZoneGroup: { privateDnsZoneGroupConfigs: [{ privateDnsZoneResourceId: blobZoneId }] }
    })
    blobServices: {
      // A staged VHD that was removed would be paid for until it is forgotten.
      deleteRetentionPolicyEnabled: false
      containers: [{ name: 'imagefactory-staging', publicAccess: 'None' }]
    }
    enableTelemetry: false
  }
}

resource made 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: name
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
