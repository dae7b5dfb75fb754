"""The JSON of Compute resources: ids in the case they were made with, unset properties left out."""

from typing import Any

from local.cloud.arm import times
from local.cloud.arm.resources import SEEDED_AT, Disk, Machine, stable_guid


def machine_body(machine: Machine, *, with_view: bool) -> dict[str, Any]:
    """A compute VM; `with_view` is `$expand=instanceView`."""
    properties: dict[str, Any] = {
        "vmId": stable_guid(machine.compute_id),
        "hardwareProfile": {"vmSize": "Standard_D2s_v3"},
        "provisioningState": "Succeeded",
        "storageProfile": {"osDisk": _os_disk(machine), "dataDisks": [_data_disk(disk) for disk in machine.disks[1:]]},
        "osProfile": {"computerName": machine.facts.name, "adminUsername": "factory", "secrets": []},
        "networkProfile": {"networkInterfaces": []},
        "timeCreated": times.written(SEEDED_AT),
    }
    if with_view:
        properties["instanceView"] = instance_view(machine)
    names = {"name": machine.facts.name, "id": machine.compute_id, "type": "Microsoft.Compute/virtualMachines"}
    return names | {"location": machine.lab.facts.location, "properties": properties}


def instance_view(machine: Machine) -> dict[str, Any]:
    """What a VM is doing; one that is deallocated shows only its disks and statuses."""
    provisioned = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"}
    power = {"code": f"PowerState/{machine.power}", "level": "Info", "displayStatus": f"VM {machine.power}"}
    view: dict[str, Any] = {
        "disks": [{"name": disk.name, "statuses": [_at(disk, provisioned)]} for disk in machine.disks],
        "hyperVGeneration": machine.facts.hyper_v_generation,
        "statuses": [provisioned | {"time": times.written(machine.facts.last_ownership_update)}, power],
    }
    if machine.power == "running":
        ready = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready"}
        agent = {"vmAgentVersion": "2.7.41491.1", "statuses": [ready]}
        view = {"computerName": machine.facts.name, "vmAgent": agent} | view
    return view


def disk_body(disk: Disk, state: str) -> dict[str, Any]:
    """A managed disk in `state`."""
    properties: dict[str, Any] = {
        "creationData": {"createOption": "FromImage" if disk.os_type else "Empty"},
        "diskSizeGB": -(-disk.size_mib // 1024),
        "diskIOPSReadWrite": 500,
        "diskMBpsReadWrite": 100,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "timeCreated": times.written(SEEDED_AT),
        "provisioningState": "Succeeded",
        "diskState": state,
        "diskSizeBytes": disk.size_mib * 1024 * 1024,
        "uniqueId": disk.unique_id,
        "LastOwnershipUpdateTime": times.written(disk.last_ownership_update),
    }
    if disk.os_type:
        properties = {"osType": disk.os_type, "hyperVGeneration": disk.generation} | properties
    names = {"name": disk.name, "id": disk.id, "type": "Microsoft.Compute/disks"}
    head = names | {"location": disk.region, "sku": {"name": "Premium_LRS", "tier": "Premium"}}
    return head | {"managedBy": disk.machine.compute_id, "properties": properties}


def _os_disk(machine: Machine) -> dict[str, Any]:
    facts = machine.facts
    disk = {"osType": facts.os_type, "createOption": "FromImage", "caching": "ReadWrite", "deleteOption": "Delete"}
    if not machine.disks:
        uri = f"https://{machine.lab.facts.artifacts_account}.blob.core.windows.net/vhds/{facts.name}.vhd"
        return disk | {"name": facts.name, "vhd": {"uri": uri}}
    os_disk = machine.disks[0]
    managed = {"id": os_disk.id, "storageAccountType": "Premium_LRS"}
    return disk | {"name": os_disk.name, "managedDisk": managed, "diskSizeGB": -(-os_disk.size_mib // 1024)}


def _data_disk(disk: Disk) -> dict[str, Any]:
    managed = {"id": disk.id, "storageAccountType": "Premium_LRS"}
    lun = disk.machine.disks.index(disk) - 1
    return {"lun": lun, "name": disk.name, "createOption": "Empty", "caching": "None", "managedDisk": managed}


def _at(disk: Disk, status: dict[str, str]) -> dict[str, str]:
    return status | {"time": times.written(disk.last_ownership_update)}
