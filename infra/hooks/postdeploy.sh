#!/bin/sh
# Subscribes the app to uploads of labs.json. The code must be there first: Event Grid asks it to answer.
set -eu
: "${AZURE_RESOURCE_GROUP:?Run this through azd, which knows the names.}"

az deployment group create \
  --subscription "$AZURE_SUBSCRIPTION_ID" \
  --resource-group "$AZURE_RESOURCE_GROUP" \
  --name upload-events \
  --template-file "$(dirname "$0")/../upload-events.bicep" \
  --parameters appName="$FUNCTION_APP_NAME" topicName="$SYSTEM_TOPIC_NAME" \
  --output none
echo "Uploads to the container image-factory of $STORAGE_ACCOUNT_NAME now start runs."
