"""The JSON of DevTest Labs resources: ids wholly lower-cased, unset properties left out."""

from collections.abc import Set
from typing import Any

from local.cloud.arm import times
from local.cloud.arm.resources import SEEDED_AT, CustomImage, LabState, Machine, stable_guid


def lab_body(lab: LabState) -> dict[str, Any]:
    """A lab as its list and its GET give it."""
    facts, group = lab.facts, lab.group_id.lower()
    account = f"{group}/providers/microsoft.storage/storageaccounts/{facts.artifacts_account}"
    switched_off = {"enabled": "Disabled", "markdown": ""}
    properties = {
        "defaultStorageAccount": account,
        "defaultPremiumStorageAccount": account,
        "artifactsStorageAccount": account,
        "premiumDataDiskStorageAccount": account,
        "vaultName": f"{group}/providers/microsoft.keyvault/vaults/{facts.artifacts_account}",
        "labStorageType": "Premium",
        "mandatoryArtifactsResourceIdsLinux": [],
        "mandatoryArtifactsResourceIdsWindows": [],
        "createdDate": times.written(SEEDED_AT),
        "premiumDataDisks": "Disabled",
        "environmentPermission": "Reader",
        "announcement": {"title": "", "expired": False, **switched_off},
        "support": switched_off,
        "provisioningState": "Succeeded",
        "uniqueIdentifier": lab.unique_identifier,
    }
    names = {"id": lab.id, "name": facts.name, "type": "Microsoft.DevTestLab/labs"}
    return {"properties": properties, "location": facts.location, **names}


def custom_image_body(lab: LabState, image: CustomImage) -> dict[str, Any]:
    """A custom image; it has no location."""
    body: dict[str, Any] = {"properties": {**image.properties, "provisioningState": image.state}}
    if image.tags:
        body["tags"] = image.tags
    names = {"id": f"{lab.id}/customimages/{image.name}".lower(), "name": image.name}
    return body | names | {"type": "Microsoft.DevTestLab/labs/customImages"}


def lab_vm_body(machine: Machine, expand: Set[str] = frozenset()) -> dict[str, Any]:
    """A lab VM; `expand` holds the names, in lower case, that `$expand=properties($expand=computeVm,...)` gives."""
    lab = machine.lab
    properties = _vm_properties(machine)
    if "computevm" in expand:
        properties["computeVm"] = _compute_view(machine)
    if "artifacts" in expand:
        properties["artifacts"] = []
    if "networkinterface" in expand:
        properties["networkInterface"] = _network_interface(machine)
    if "applicableschedule" in expand:
        names = {"id": f"{machine.id}/applicableschedules/default", "name": "default"}
        kind = "Microsoft.DevTestLab/labs/virtualMachines/applicableSchedules"
        properties["applicableSchedule"] = {"properties": {}, **names, "type": kind}
    body: dict[str, Any] = {"properties": properties, "location": lab.facts.location}
    if machine.tags:
        body["tags"] = machine.tags
    names = {"id": machine.id, "name": machine.facts.name}
    return body | names | {"type": "Microsoft.DevTestLab/labs/virtualMachines"}


def _vm_properties(machine: Machine) -> dict[str, Any]:
    facts, lab = machine.facts, machine.lab
    network = f"{lab.id}/virtualnetworks/dtl{lab.facts.name.lower()}"
    return {
        **({"notes": facts.notes} if facts.notes is not None else {}),
        "ownerObjectId": "",
        "ownerUserPrincipalName": "",
        "createdByUserId": "",
        "createdByUser": "",
        "createdDate": times.written(facts.last_ownership_update),
        "computeId": machine.compute_id,
        "osType": facts.os_type,
        "size": "Standard_D2s_v3",
        "userName": "factory",
        "isAuthenticationWithSshKey": False,
        "labSubnetName": f"Dtl{lab.facts.name}Subnet",
        "labVirtualNetworkId": network,
        "disallowPublicIpAddress": True,
        "artifactDeploymentStatus": {"artifactsApplied": 0, "totalArtifacts": 0},
        "networkInterface": {},
        "allowClaim": False,
        "storageType": "Premium",
        "virtualMachineCreationSource": "FromGalleryImage",
        # DevTest Labs keeps only these two words, and has none for deallocated.
        "lastKnownPowerState": "Running" if machine.power in ("running", "starting") else "Stopped",
        "provisioningState": machine.state,
        "uniqueIdentifier": stable_guid(lab.id, "virtualmachines", facts.name),
    }


def _network_interface(machine: Machine) -> dict[str, Any]:
    lab = machine.lab
    network = f"{lab.id}/virtualnetworks/dtl{lab.facts.name.lower()}"
    subnet = f"{lab.group_id}/providers/Microsoft.Network/virtualNetworks/Dtl{lab.facts.name}/subnets/default"
    return {"virtualNetworkId": network, "subnetId": subnet, "privateIpAddress": "10.0.0.4"}


def _compute_view(machine: Machine) -> dict[str, Any]:
    statuses = [
        {"code": "ProvisioningState/succeeded", "displayStatus": "Provisioning succeeded"},
        {"code": f"PowerState/{machine.power}", "displayStatus": f"VM {machine.power}"},
    ]
    view: dict[str, Any] = {"statuses": statuses, "osType": machine.facts.os_type, "vmSize": "Standard_D2s_v3"}
    if machine.disks:
        view["osDiskId"] = machine.disks[0].id
        view["dataDiskIds"] = [disk.id for disk in machine.disks[1:]]
    return view
