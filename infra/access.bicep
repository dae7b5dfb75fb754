// All rights of the factory outside its own resource group: its role, the factory lab, its machines, the target labs.
// Whoever deploys it must be allowed to give roles there (User Access Administrator), and make a container in each account.
targetScope = 'subscription'

@description('Object id of the app\'s identity: the output IDENTITY_PRINCIPAL_ID of main.bicep.')
param principalId string

@description('The factory lab: { id, storageAccount }.')
param factory { id: string, storageAccount: string }

@description('Resource groups of the factory lab\'s virtual machines, in the factory\'s subscription.')
param machineGroups string[]

@description('All target labs: { id, storageAccount, relay }. Labs that are left out keep what they were given before.')
param labs { id: string, storageAccount: string, relay: bool }[]

@description('Where labs\' accounts are closed to public networks: the output ENDPOINT_SUBNET_ID of main.bicep.')
param endpointSubnetId string = ''

@description('With it: the output BLOB_ZONE_ID of main.bicep.')
param blobZoneId string = ''

@description('With it: the region of the app.')
param endpointLocation string = deployment().location

var subscriptions = union(map(labs, lab => split(lab.id, '/')[2]), [split(factory.id, '/')[2]])

module role 'access/role.bicep' = {
  name: 'image-factory-role'
  params: {
    factoryLabId: factory.id
    subscriptionIds: join(subscriptions, ',')
  }
}

module source 'access/lab.bicep' = {
  name: 'image-factory-source'
  scope: resourceGroup(split(factory.id, '/')[2], split(factory.id, '/')[4])
  params: {
    principalId: principalId
    factoryLabId: factory.id
    labName: last(split(factory.id, '/'))
    storageAccount: factory.storageAccount
    container: 'imagefactoryvhds'
    readByCopies: true
    endpointSubnetId: endpointSubnetId
    blobZoneId: blobZoneId
    endpointLocation: endpointLocation
  }
  dependsOn: [role]
}

module machines 'access/machines.bicep' = [
  for group in machineGroups: {
    name: 'image-factory-machines-${uniqueString(group)}'
    scope: resourceGroup(split(factory.id, '/')[2], group)
    params: {
      principalId: principalId
      factoryLabId: factory.id
    }
    dependsOn: [role]
  }
]

module target 'access/lab.bicep' = [
  for lab in labs: {
    name: 'image-factory-lab-${uniqueString(lab.id)}'
    scope: resourceGroup(split(lab.id, '/')[2], split(lab.id, '/')[4])
    params: {
      principalId: principalId
      factoryLabId: factory.id
      labName: last(split(lab.id, '/'))
      storageAccount: lab.storageAccount
      readByCopies: lab.relay
      endpointSubnetId: endpointSubnetId
      blobZoneId: blobZoneId
      endpointLocation: endpointLocation
    }
    dependsOn: [role]
  }
]
