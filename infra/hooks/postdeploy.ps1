# Subscribes the app to uploads of labs.json. The code must be there first: Event Grid asks it to answer.
$ErrorActionPreference = 'Stop'
if (-not $env:AZURE_RESOURCE_GROUP) { throw 'Run this through azd, which knows the names.' }

az deployment group create `
  --subscription $env:AZURE_SUBSCRIPTION_ID `
  --resource-group $env:AZURE_RESOURCE_GROUP `
  --name upload-events `
  --template-file (Join-Path $PSScriptRoot '../upload-events.bicep') `
  --parameters "appName=$env:FUNCTION_APP_NAME" "topicName=$env:SYSTEM_TOPIC_NAME" `
  --output none
if ($LASTEXITCODE -ne 0) { throw 'Event Grid could not be subscribed; see the message above.' }
Write-Output "Uploads to the container image-factory of $env:STORAGE_ACCOUNT_NAME now start runs."
