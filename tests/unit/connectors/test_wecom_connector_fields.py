"""WeCom's words and ours, both ways."""

import pytest

from services.platforms.errors import OutcomeUnknownError
from services.provisioner.connectors.base import Change, NewAccount
from services.provisioner.connectors.wecom_fields import (
    FIELDS,
    account,
    changes,
    department,
    fitting,
    member,
    parents_first,
)
from services.provisioner.model import AccountState

ROW = {
    "userid": "Mei", "status": 1, "department": [20, 3], "order": [0, 0], "is_leader_in_dept": [0, 1], "name": "李梅",
    "position": "", "telephone": "020-1", "main_department": 20,
}  # fmt: skip


def test_a_hire_says_everything_that_has_a_default():
    new = NewAccount(
        "Mei", {"name": "李梅", "mobile": "+8613900000001", "alias": None}, ("20", "3"), frozenset({"3"}), "Wei"
    )
    assert member(new) == {
        "userid": "Mei", "name": "李梅", "mobile": "+8613900000001", "department": [20, 3], "order": [0, 0],
        "is_leader_in_dept": [0, 1], "main_department": 20, "direct_leader": ["Wei"], "enable": 1, "to_invite": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("suspended", "invite", "enable", "to_invite"),
    [(False, False, 1, False), (False, True, 1, True), (True, False, 0, False), (True, True, 0, False)],
)
def test_who_is_prepared_is_not_invited(suspended, invite, enable, to_invite):
    body = member(NewAccount("Mei", {"name": "Mei"}, (), suspended=suspended, invite=invite))
    assert (body["enable"], body["to_invite"], body["department"]) == (enable, to_invite, [1])


def test_a_move_sends_every_list_that_goes_by_position():
    body = changes("Mei", Change({"position": None}, ("5", "3"), frozenset({"5"}), "Wei"))
    assert body == {
        "userid": "Mei", "position": "", "department": [5, 3], "order": [0, 0], "is_leader_in_dept": [1, 0],
        "main_department": 5, "direct_leader": ["Wei"],
    }  # fmt: skip


def test_a_new_title_moves_nobody():
    assert changes("Mei", Change({"position": "Head"})) == {"userid": "Mei", "position": "Head"}


def test_no_manager_is_told_from_none_known():
    assert changes("Mei", Change(manager="")) == {"userid": "Mei", "direct_leader": []}


def test_only_fields_of_wecom_are_written():
    assert changes("Mei", Change({"enable": "1", "title": "x"})) == {"userid": "Mei"}


def test_an_account_reads_in_our_words():
    shown = account(ROW, "user/get")
    assert (shown.native_id, shown.state) == ("Mei", AccountState.ACTIVE)
    assert (shown.departments, shown.leads) == (("3", "20"), frozenset({"3"}))
    assert shown.attributes == {"name": "李梅", "position": None, "telephone": "020-1"}


@pytest.mark.parametrize("masked", [{}, {"mobile": "", "email": "", "gender": "0", "address": ""}])
def test_what_is_masked_is_left_out(masked):
    assert not {"mobile", "email", "gender", "address"} & account({**ROW, **masked}, "user/get").attributes.keys()


@pytest.mark.parametrize(
    ("shown", "ours"),
    [("13900000001", "+8613900000001"), ("+8613900000001", "+8613900000001"), ("+85251234567", "+85251234567")],
)
def test_a_mobile_reads_with_its_country(shown, ours):
    assert account({**ROW, "mobile": shown}, "user/get").attributes["mobile"] == ours


@pytest.mark.parametrize(
    ("status", "state"),
    [(1, AccountState.ACTIVE), (2, AccountState.SUSPENDED), (4, AccountState.INVITED), (5, AccountState.REMOVED)],
)
def test_a_status_is_a_state(status, state):
    assert account({**ROW, "status": status}, "user/get").state is state


@pytest.mark.parametrize("row", [{}, {"status": 3}, {"status": None}, {"status": "x"}, {"userid": ""}])
def test_an_unreadable_row_is_no_account(row):
    bad = {**ROW, **row} if row else {}
    with pytest.raises(OutcomeUnknownError):
        account(bad, "user/get")


def test_leads_are_unknown_where_the_lists_do_not_match():
    assert account({**ROW, "is_leader_in_dept": []}, "user/get").leads is None


def test_every_field_that_the_member_owns_is_declared_so():
    assert {name for name, field in FIELDS.items() if field.writable != "always"} == {"mobile", "email"}


def test_the_tree_is_sorted_from_the_top():
    rows = [(4, 3), (3, 2), (2, 1), (5, 1), (1, 0)]
    tree = parents_first(
        [department({"id": number, "parentid": parent, "name": str(number)}) for number, parent in rows]
    )
    assert [d.native_id for d in tree] == ["1", "2", "5", "3", "4"]
    assert [d.parent for d in tree] == [None, "1", "1", "2", "3"]


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("销售部", "销售部"),
        ('a\\b:c*d?e"f<g>h|i｜j', "a_b_c_d_e_f_g_h_i_j"),
        ("two\nlines\t", "two_lines_"),
        ("  ", "_"),
        ("长" * 65, "长" * 64),
        ("x" * 63 + " y", "x" * 63),
    ],
)
def test_a_department_name_is_made_to_fit(name, fits):
    assert fitting(name) == fits
