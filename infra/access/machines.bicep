// What the factory may do with the machines of the factory lab: read them, and read their disks while they are exported.
// Deployed to the resource group that holds the virtual machines; a lab may keep them apart from itself.
@description('Object id of the app\'s identity.')
param principalId string

@description('Id of the factory lab, by which its custom role is found.')
param factoryLabId string

var factoryRole = guid(tenant().tenantId, toLower(factoryLabId))

resource inGroup 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, principalId, factoryRole)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', factoryRole)
  }
}
