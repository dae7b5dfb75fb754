// The virtual network: one subnet for the app, one for private endpoints, and the names of storage in private.
param name string
param location string
param tags object

var services = ['blob', 'queue', 'table']

module network 'br/public:avm/res/network/virtual-network:0.10.1' = {
  name: 'virtual-network'
  params: {
    name: name
    location: location
    tags: tags
    addressPrefixes: ['10.60.0.0/23']
    subnets: [
      {
        name: 'app'
        addressPrefix: '10.60.0.0/26'
        delegation: 'Microsoft.App/environments'
      }
      {
        name: 'endpoints'
        addressPrefix: '10.60.1.0/24'
        privateEndpointNetworkPolicies: 'Disabled'
      }
    ]
    enableTelemetry: false
  }
}

module zones 'br/public:avm/res/network/private-dns-zone:0.8.1' = [
  for service in services: {
    name: 'zone-${service}'
    params: {
      name: 'privatelink.${service}.${environment().suffixes.storage}'
      tags: tags
      virtualNetworkLinks: [
        {
          virtualNetworkResourceId: network.outputs.resourceId
          registrationEnabled: false
        }
      ]
      enableTelemetry: false
    }
  }
]

output appSubnetId string = network.outputs.subnetResourceIds[0]
output endpointSubnetId string = network.outputs.subnetResourceIds[1]
output zoneIds array = [for (service, index) in services: zones[index].outputs.resourceId]
