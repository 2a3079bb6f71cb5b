"""What `ManagesDepartments` promises of the tree."""

import pytest

from services.platforms.errors import NeedsPersonError, NotThereError
from services.provisioner.connectors.base import ALREADY_SO

NASTY = 'Sales/North: "A" *?<>|\\ \t- 华东,\n' + "长" * 80


async def tree_of(connector):
    return {department.native_id: department for department in await connector.departments()}


async def test_a_new_company_has_a_top(connector):
    (top,) = await connector.departments()
    assert (top.native_id, top.parent) == (connector.root, None)


async def test_parents_come_before_children(subject, connector):
    sales, office = await subject.department("Sales"), await subject.department("Office")
    north = await subject.department("North", sales)
    await connector.update_department(sales, parent=office)
    ids = [department.native_id for department in await connector.departments()]
    assert ids.index(connector.root) < ids.index(office) < ids.index(sales) < ids.index(north)
    assert len(ids) == 4


async def test_making_again_gives_the_same(subject, connector):
    sales = await subject.department("Sales")
    assert await subject.department("Sales") == sales
    assert len(await connector.departments()) == 2


async def test_the_same_name_elsewhere_is_another(subject, connector):
    sales, office = await subject.department("Sales"), await subject.department("Office")
    norths = {await connector.create_department("North", parent, None, f"D-{parent}") for parent in (sales, office)}
    assert len(norths) == 2


async def test_rename_move_and_order(subject, connector):
    sales, office = await subject.department("Sales"), await subject.department("Office")
    for _ in range(2):
        await connector.update_department(sales, name="销售部", parent=office, order=7)
    department = (await tree_of(connector))[sales]
    assert (department.name, department.parent, department.order) == ("销售部", office, 7)


async def test_what_is_not_named_stays(subject, connector):
    sales = await subject.department("Sales")
    north = await connector.create_department("North", sales, 5, "D-north")
    await connector.update_department(north, name="Nord")
    department = (await tree_of(connector))[north]
    assert (department.name, department.parent, department.order) == ("Nord", sales, 5)


async def test_nothing_to_change_is_already_so(subject, connector):
    sales = await subject.department("Sales")
    assert await connector.update_department(sales) == ALREADY_SO


async def test_no_department_hangs_under_itself(subject, connector):
    sales = await subject.department("Sales")
    north = await subject.department("North", sales)
    with pytest.raises(NeedsPersonError):
        await connector.update_department(sales, parent=north)
    assert (await tree_of(connector))[sales].parent == connector.root


async def test_a_siblings_name_is_taken(subject, connector):
    await subject.department("Sales")
    office = await subject.department("Office")
    with pytest.raises(NeedsPersonError) as caught:
        await connector.update_department(office, name="Sales")
    assert caught.value.hint == "department_name_taken"


async def test_a_parent_nobody_made_is_an_error(subject):
    with pytest.raises(NotThereError) as caught:
        await subject.department("Sales", "777")
    assert caught.value.what == "department"


async def test_changing_a_department_nobody_made_is_an_error(connector):
    with pytest.raises(NotThereError) as caught:
        await connector.update_department("777", name="Sales")
    assert caught.value.what == "department"


async def test_only_what_is_empty_is_deleted(subject, connector):
    sales = await subject.department("Sales")
    north = await subject.department("North", sales)
    mei = await subject.made(departments=(north,))
    for full in (sales, north):
        with pytest.raises(NeedsPersonError) as caught:
            await connector.delete_department(full)
        assert caught.value.hint == "department_not_empty"
    await connector.remove(mei)
    for empty in (north, sales):
        await connector.delete_department(empty)
        assert await connector.delete_department(empty) == ALREADY_SO
    assert list(await tree_of(connector)) == [connector.root]


@pytest.mark.parametrize("name", [NASTY, "  ", "a", "-", "//"])
async def test_a_fitting_name_is_taken_and_reads_back(subject, connector, name):
    if subject.short_names and len(connector.fitting(name)) > 32:
        pytest.skip("32 characters in that edition; ours are cut for the present one")
    fitting = connector.fitting(name)
    native_id = await subject.department(fitting)
    assert (await tree_of(connector))[native_id].name == fitting
    assert connector.fitting(fitting) == fitting
