"""The checks of `infra/` find each kind of mistake that somebody may make there."""

from pathlib import Path

import pytest

from tests.infra.conftest import Spoil
from tools.infra_check.__main__ import INFRA, problems
from tools.infra_check.security import too_much_in

FAULTS = {
    "a brace that is missing": ("main.bicep", "resource group 'Mic", "resource group { 'Mic", "this is no Bicep"),
    "a property that Azure does not know": (
        "modules/app.bicep",
        "maximumInstanceCount: 40",
        "maximumInstances: 40",
        "scaleAndConcurrency has no 'maximumInstances'",
    ),
    "a property in the wrong case": (
        "modules/app.bicep",
        "httpsOnly: true",
        "HttpsOnly: true",
        "has no 'HttpsOnly'; 'httpsOnly' is meant",
    ),
    "a property one level too high": (
        "modules/scheduler.bicep",
        "  tags: tags\n",
        "  tags: tags\n  sku: { name: 'Consumption' }\n",
        "has no 'sku'",
    ),
    "a value that Azure does not take": (
        "modules/app.bicep",
        "type: 'blobContainer'",
        "type: 'fileShare'",
        "'fileShare' is none of blobContainer",
    ),
    "a text where a number is needed": (
        "modules/app.bicep",
        "instanceMemoryMB: 2048",
        "instanceMemoryMB: '2048'",
        "'2048' is no int",
    ),
    "what is needed and missing": (
        "modules/scheduler.bicep",
        "    ipAllowlist: ['0.0.0.0/0']\n",
        "",
        "lacks 'ipAllowlist'",
    ),
    "an API version that was not looked up": (
        "modules/app.bicep",
        "Microsoft.Web/sites@2024-11-01' = {",
        "Microsoft.Web/sites@2024-11-31' = {",
        "is no resource type of the table",
    ),
    "a version of a verified module that was not looked up": (
        "main.bicep",
        "user-assigned-identity:0.6.0",
        "user-assigned-identity:0.6.9",
        "there is no module",
    ),
    "a parameter that a verified module does not have": (
        "modules/storage.bicep",
        "skuName: 'Standard_LRS'",
        "sku: 'Standard_LRS'",
        "has no 'sku'",
    ),
    "a mistake deep in a verified module's parameter": (
        "modules/storage.bicep",
        "daysAfterModificationGreaterThan",
        "daysAfterModification",
        "delete has no 'daysAfterModification'",
    ),
    "a mistake inside a loop": (
        "modules/hub.bicep",
        "subnetResourceId: subnet",
        "subnetId: subnet",
        "privateEndpoints has no 'subnetId'",
    ),
    "a level that was never looked up": (
        "modules/app.bicep",
        "http20Enabled: true",
        "cors: { allowedOrigins: ['*'] }",
        "this level is not in the table",
    ),
    "a parameter that our own module does not have": (
        "main.bicep",
        "    topicName:",
        "    topic:",
        "modules/storage.bicep has no 'topic'",
    ),
    "a parameter that our own module needs": (
        "main.bicep",
        "    uploaderPrincipalId: principalId\n",
        "",
        "lacks 'uploaderPrincipalId'",
    ),
    "an output that a module does not have": (
        "main.bicep",
        "identity.outputs.clientId",
        "identity.outputs.clientID",
        "has no output 'clientID'",
    ),
    "a module that is not there": ("main.bicep", "'modules/hub.bicep'", "'modules/hubs.bicep'", "there is no module"),
    "a symbol that is not declared": (
        "modules/app.bicep",
        "concat(\n",
        "concat(\n  others,",
        "'others' is not declared",
    ),
    "a function that does not exist": ("main.bicep", "toLower(string(", "lower(string(", "'lower' is not declared"),
    "a parameter that nobody uses": (
        "modules/hub.bicep",
        "param tags object",
        "param tags object\nparam left string",
        "'left' is not used",
    ),
    "a parameter of azd that does not exist": (
        "main.parameters.json",
        '"hubRegions"',
        '"hubRegion"',
        "has no parameter 'hubRegion'",
    ),
    "a file that is no JSON": ("roles/built-in.json", "{", "{,", "this is no JSON"),
    "an account with keys": (
        "modules/hub.bicep",
        "allowSharedKeyAccess: false",
        "allowSharedKeyAccess: true",
        "allowSharedKeyAccess must be false; it is true",
    ),
    "an account whose default is trusted": (
        "modules/storage.bicep",
        "    allowBlobPublicAccess: false\n",
        "",
        "allowBlobPublicAccess must be false; it is not set",
    ),
    "a container that anybody may read": (
        "access/lab.bicep",
        "publicAccess: 'None'",
        "publicAccess: 'Blob'",
        "publicAccess must be 'None'",
    ),
    "old TLS": ("modules/app.bicep", "minTlsVersion: '1.2'", "minTlsVersion: '1.0'", "minTlsVersion must be '1.2'"),
    "a key that is read": (
        "modules/app.bicep",
        "output name string = app.name",
        "output name string = listKeys(app.id, '2024-11-01').key",
        "a key is read",
    ),
    "another key than the one for uploads": (
        "upload-events.bicep",
        ".systemKeys.blobs_extension",
        ".systemKeys.durabletask_extension",
        "a key is read",
    ),
    "a secret among the outputs": (
        "modules/monitoring.bicep",
        "component.outputs.name",
        "component.outputs.connectionString",
        "may hold a secret",
    ),
    "a role that does everything": (
        "modules/hub.bicep",
        "var needed = [",
        "var needed = ['b24988ac-6180-42a0-ab88-20f7382dd24c', ",
        "the role Contributor is too much",
    ),
    "a role that is not in the table of roles": (
        "modules/hub.bicep",
        "roles['Storage Blob Delegator']",
        "roles['Storage Delegator']",
        "has no role 'Storage Delegator'",
    ),
}


def test_role_that_is_too_much_is_found_in_the_table_of_roles(tmp_path: Path) -> None:
    roles = tmp_path / "built-in.json"
    roles.write_text('{"Helper": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"}', encoding="utf-8")
    assert [each.message for each in too_much_in(roles)] == ["'Helper' is the role Owner, which is too much"]


def test_nothing_is_wrong() -> None:
    assert [str(each) for each in problems(INFRA)] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found(fault: str, spoil: Spoil) -> None:
    name, old, new, message = FAULTS[fault]
    found = spoil(name, old, new)
    assert any(message in each for each in found), found
