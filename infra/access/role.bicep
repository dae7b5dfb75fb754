// The custom role of one factory. Its rights are those of roles/image-factory.json, under which the tests run.
targetScope = 'subscription'

@description('Id of the factory lab: two factories of one tenant have a role each.')
param factoryLabId string

@description('Ids of all subscriptions in which the role is assigned, separated by commas.')
param subscriptionIds string

var role = loadJsonContent('../roles/image-factory.json')

resource definition 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(tenant().tenantId, toLower(factoryLabId))
  properties: {
    roleName: '${role.Name} of ${last(split(factoryLabId, '/'))}, ${take(guid(toLower(factoryLabId)), 8)}'
    description: role.Description
    type: 'CustomRole'
    permissions: [
      {
        actions: role.Actions
        notActions: role.NotActions
        dataActions: role.DataActions
        notDataActions: role.NotDataActions
      }
    ]
    assignableScopes: map(split(subscriptionIds, ','), id => '/subscriptions/${trim(id)}')
  }
}
