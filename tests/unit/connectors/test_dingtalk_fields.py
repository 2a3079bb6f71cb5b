"""DingTalk's formats and ours, both ways."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.provisioner.connectors import dingtalk_fields as fields

MIDNIGHT = 1767225600000


@pytest.mark.parametrize(
    ("ours", "theirs", "state_code"),
    [
        ("+8613900000001", "13900000001", "86"),
        ("+85251234567", "+852-51234567", "852"),
        ("+12025550123", "+1-2025550123", "1"),
    ],
)
def test_mobiles_go_there_and_back(ours, theirs, state_code):
    assert fields.to_mobile(ours) == theirs
    assert fields.from_mobile(theirs, state_code) == ours


def test_a_number_that_is_no_e164_is_left_to_dingtalk():
    assert fields.to_mobile("13900000001") == "13900000001"


def test_a_body_holds_dates_as_milliseconds_and_custom_fields_as_json():
    body = fields.body_of({"name": "梅", "hired_date": "2026-01-01", "extension.成本中心": "CC-12", "title": None})
    assert body == {"name": "梅", "hired_date": MIDNIGHT, "extension": '{"成本中心": "CC-12"}', "title": ""}


@pytest.mark.parametrize("hired", [MIDNIGHT, str(MIDNIGHT), MIDNIGHT - 8 * 3_600_000], ids=["ours", "text", "local"])
def test_attributes_are_read_from_any_form(hired):
    user = {
        "userid": "mei", "name": "梅", "mobile": "13900000001", "state_code": 86, "title": "", "hired_date": hired,
        "extension": '{"成本中心":"CC-12"}', "unionid": "u",
    }  # fmt: skip
    assert fields.attributes_of(user) == {
        "name": "梅", "mobile": "+8613900000001", "hired_date": "2026-01-01", "extension.成本中心": "CC-12",
    }  # fmt: skip


@pytest.mark.parametrize("extension", ["no json", "[1]", None, ""])
def test_an_extension_nobody_can_read_holds_nothing_of_ours(extension):
    assert fields.attributes_of({"name": "梅", "extension": extension}) == {"name": "梅"}


@given(st.dates(date(1970, 1, 2), date(2200, 1, 1)))
def test_any_hiring_date_comes_back(day):
    body = fields.body_of({"hired_date": day.isoformat()})
    assert fields.attributes_of(body) == {"hired_date": day.isoformat()}


@pytest.mark.parametrize(
    ("value", "ids"),
    [([7002, 701], ("7002", "701")), ("[2, 3,10]", ("10", "2", "3")), (["1"], ("1",)), (None, ()), ([5, "5"], ("5",))],
)
def test_ids_are_text_and_sorted(value, ids):
    assert fields.ids_of(value) == ids


@pytest.mark.parametrize(("value", "true"), [(True, True), ("true", True), ("false", False), (0, False), (None, False)])
def test_booleans_may_be_text(value, true):
    assert fields.is_true(value) is true


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("华东-销售", "华东_销售"),
        ("A,B，C", "A_B_C"),
        ("a\nb", "a_b"),
        ("  研发 ", "研发"),
        ("", "_"),
        ("长" * 70, "长" * 64),
    ],
)
def test_department_names_are_made_to_fit(name, fit):
    assert fields.fitting(name) == fit


@given(st.text())
def test_any_name_fits(name):
    fit = fields.fitting(name)
    assert 1 <= len(fit) <= 64
    assert not set("-,，") & set(fit)
    assert fields.fitting(fit) == fit


@pytest.mark.parametrize(
    ("entitlement", "role"),
    [
        ("role:sales", ("Tenure", "sales")),
        ("role:财务/出纳", ("财务", "出纳")),
        ("role:Tenure/a/b", ("Tenure", "a/b")),
        ("role:", None),
        ("role:/x", None),
        ("tag:sales", None),
    ],
)
def test_entitlements_name_a_role_of_a_group(entitlement, role):
    assert fields.role_of(entitlement, "Tenure") == role


@given(st.sampled_from(["Tenure", "财务"]), st.text(alphabet="ab/出", min_size=1).filter(lambda name: name.strip()))
def test_any_role_is_found_under_the_name_it_is_shown_by(group, name):
    assert fields.role_of(fields.entitlement_of(group, name, "Tenure"), "Tenure") == (group, name)


@pytest.mark.parametrize("entitlement", ["customer-contact", "tag:sales", "role:", "role:默认/主管", "role:Default/x"])
def test_what_dingtalk_cannot_give_is_refused_with_a_reason(entitlement):
    assert fields.refusal(entitlement, "Tenure")


def test_a_role_is_not_refused():
    assert fields.refusal("role:sales", "Tenure") is None


def test_a_mobile_is_never_written_again_and_guarded_fields_may_be_invisible():
    declared = fields.fields_with(["成本中心"])
    assert declared["mobile"].writable == "never"
    assert declared["email"].readable == "with_consent"
    assert declared["title"].readable == "yes"
    assert "extension.成本中心" in declared
