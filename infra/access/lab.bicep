// What the factory may do in one lab: the custom role on the lab, and blobs of one container in the lab's account.
// The factory lab is such a lab too: its container is imagefactoryvhds, and URLs of its VHDs are signed.
@description('Object id of the app\'s identity.')
param principalId string

@description('Id of the factory lab, by which its custom role is found.')
param factoryLabId string

@description('Name of the lab; it is in the resource group that this is deployed to.')
param labName string

@description('Name of the lab\'s storage account, in the same resource group.')
param storageAccount string

@description('The container that VHDs are written to; made if it is missing.')
param container string = 'imagefactory-staging'

@description('Whether other copies may read from this account: the factory lab\'s, and labs that relay.')
param readByCopies bool = false

@description('Where the account is closed to public networks: subnet of the app\'s network for a private endpoint.')
param endpointSubnetId string = ''

@description('With a subnet: id of the private DNS zone privatelink.blob of the app\'s network.')
param blobZoneId string = ''

@description('With a subnet: the region of the app\'s network.')
param endpointLocation string = resourceGroup().location

var roles = loadJsonContent('../roles/built-in.json')
var factoryRole = guid(tenant().tenantId, toLower(factoryLabId))

resource lab 'Microsoft.DevTestLab/labs@2018-09-15' existing = {
  name: labName
}

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: storageAccount

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource vhds 'containers' = {
      name: container
      properties: { publicAccess: 'None' }
    }
  }
}

resource inLab 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(lab.id, principalId, factoryRole)
  scope: lab
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', factoryRole)
  }
}

resource inContainer 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, container, principalId, roles['Storage Blob Data Contributor'])
  scope: account::blobs::vhds
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Storage Blob Data Contributor'])
  }
}

// A delegation key belongs to the account, so its right cannot be given for one container.
resource signs 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (readByCopies) {
  name: guid(account.id, principalId, roles['Storage Blob Delegator'])
  scope: account
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Storage Blob Delegator'])
  }
}

module endpoint 'br/public:avm/res/network/private-endpoint:0.12.1' = if (!empty(endpointSubnetId)) {
  name: 'endpoint-${storageAccount}'
  params: {
    name: 'pe-${storageAccount}'
    location: endpointLocation
    subnetResourceId: endpointSubnetId
    privateLinkServiceConnections: [
      {
        name: storageAccount
        properties: {
          privateLinkServiceId: account.id
          groupIds: ['blob']
        }
      }
    ]
    privateDnsZoneGroup: { privateDnsZoneGroupConfigs: [{ privateDnsZoneResourceId: blobZoneId }] }
    enableTelemetry: false
  }
}
