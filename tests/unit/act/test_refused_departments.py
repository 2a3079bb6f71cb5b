"""A department that the platform refuses stops its own people and those below it, and nobody else."""

from company import Company

from services.provisioner.connectors.base import NativeDepartment
from services.provisioner.store.port import DEPARTMENTS


async def test_one_refused_department_does_not_stop_the_others():
    company = Company()
    company.crm.tree["7"] = NativeDepartment("7", "North", "1", mark="somebody else's")
    for number, name, above in (("D1", "North", None), ("D2", "Harbour", "D1"), ("D3", "South", None)):
        await company.say("department.changed", number, department_id=number, name=name, parent_id=above)
    for n in (1, 2, 3):
        await company.hire(f"e{n}", f"W{n}", given="伟芳娜"[n - 1], mobile=f"+861380000000{n}", department=f"D{n}")
    await company.settle()
    stands = {n: (await company.rows(f"urn:hr:acme/W{n}"))["crm"] for n in (1, 2, 3)}
    assert stands == {1: ("waiting", "department:D1"), 2: ("waiting", "department:D2"), 3: ("settled", None)}
    assert (await company.rows(DEPARTMENTS))["crm"] == ("inbox", "department_name_taken:taken")

    del company.crm.tree["7"]
    await company.say("department.changed", "again", department_id="D1", name="North", order=2)
    await company.settle()
    assert [(await company.rows(f"urn:hr:acme/W{n}"))["crm"][0] for n in (1, 2, 3)] == ["settled"] * 3
