// Logs and traces, written with the app's identity and with no key.
param workspaceName string
param componentName string
param location string
param tags object

@description('Object id of the identity that writes.')
param principalId string

var roles = loadJsonContent('../roles/built-in.json')

module workspace 'br/public:avm/res/operational-insights/workspace:0.16.1' = {
  name: 'workspace'
  params: {
    name: workspaceName
    location: location
    tags: tags
    dataRetention: 30
    features: { disableLocalAuth: true }
    enableTelemetry: false
  }
}

module component 'br/public:avm/res/insights/component:0.8.0' = {
  name: 'component'
  params: {
    name: componentName
    location: location
    tags: tags
    workspaceResourceId: workspace.outputs.resourceId
    disableLocalAuth: true
    disableIpMasking: false
    retentionInDays: 90
    enableTelemetry: false
  }
}

resource made 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource writes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, componentName, principalId, roles['Monitoring Metrics Publisher'])
  scope: made
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Monitoring Metrics Publisher'])
  }
  dependsOn: [component]
}

output componentName string = component.outputs.name
