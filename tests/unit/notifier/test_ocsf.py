"""Every audit record passes a judge that nobody here wrote, and says nothing about anybody but ids."""

import typing
from functools import cache

import pytest
from jsonschema import Draft202012Validator
from notifier_values import MEI, NOW, checked, raised, recorded, ref, settled, step, waiting_message
from ocsf_json_schema import OcsfJsonSchema, OcsfJsonSchemaEmbedded, get_ocsf_schema

from contracts import audit
from contracts.decisions import AccessAllowed, AccessStopped, UsernameGiven
from contracts.provisioning import DecisionMade, LifecycleCompleted, Result, Verb
from services.notifier.audit import ocsf
from services.notifier.audit.ocsf import entry, message_entry
from services.notifier.messages import State
from services.notifier.read import Told


@cache
def judge(class_uid):
    schema = OcsfJsonSchema(get_ocsf_schema(audit.OCSF_VERSION))
    name = schema.lookup_class_name_from_uid(class_uid)
    return Draft202012Validator(OcsfJsonSchemaEmbedded(schema).get_class_schema(name))


def faults(event):
    return [error.message for error in judge(event["class_uid"]).iter_errors(event)]


def published(body, ident="x/1"):
    return (
        entry(Told("urn:tenure:provisioner", ident, MEI, NOW, body))
        .numbered(3)
        .model_dump(mode="json", exclude_none=True)
    )


def decided(model, by="operator:li", **more):
    return DecisionMade(
        decision=model(
            decision_id="d1", person_id=MEI, by=by, reason="on request", effective_at=NOW, recorded_at=NOW, **more
        )
    )


OUTCOMES = {
    **{f"step {verb}": step(verb=verb, entitlement="tag:sales") for verb in typing.get_args(Verb)},
    **{f"result {result}": step(result=result, code="60111") for result in typing.get_args(Result)},
    "step without an account": step(native_id=None),
    "step on a department": step(verb="create_department", person_id="#departments", native_id="12"),
    "fact": recorded(),
    "poison": recorded("quarantined", reason="no_json"),
    "decision": decided(AccessStopped),
    "allowed": decided(AccessAllowed),
    "decision of Tenure": decided(UsernameGiven, by="tenure", target="wecom", username="mei"),
    "read-back": checked(),
    "contradiction": checked(agrees=False),
    "confirmed": settled(),
    "superseded": settled(state="superseded", reason="withdrawn", targets=(), recipients=()),
    "attention": raised(),
    "completed": LifecycleCompleted(event=ref(), person_id=MEI, completed_at=NOW),
}


@pytest.mark.parametrize("body", OUTCOMES.values(), ids=OUTCOMES)
def test_the_judge_finds_nothing_wrong(body):
    assert faults(published(body)) == []


@pytest.mark.parametrize("state", ["sent", "perhaps_sent", "failed"])
def test_the_judge_finds_nothing_wrong_with_a_message(state):
    made = message_entry(waiting_message(), state, "", NOW).numbered(0).model_dump(mode="json", exclude_none=True)
    assert faults(made) == []
    assert made["unmapped"]["tenure"]["result"] == state


def test_the_judge_can_find_faults():
    made = published(step())
    assert faults({**made, "activity_id": 77}) != []
    assert faults({name: value for name, value in made.items() if name != "user"}) != []
    assert faults({**made, "nickname": "x"}) != []


@pytest.mark.parametrize(
    ("verb", "type_uid"),
    [("create", 300101), ("resume", 300102), ("suspend", 300105), ("strip", 300105), ("remove", 300106),
     ("delete", 300106), ("update", 300403), ("move", 300405), ("grant", 300501), ("revoke", 300502)],
)  # fmt: skip
def test_the_class_of_a_step(verb, type_uid):
    made = published(step(verb=verb, entitlement="tag:sales"))
    assert made["type_uid"] == type_uid == made["class_uid"] * 100 + made["activity_id"]


def test_every_verb_result_and_state_has_its_words():
    assert set(ocsf.ACTIVITY) == set(typing.get_args(Verb))
    assert set(ocsf.RESULT) == set(typing.get_args(Result))
    assert set(ocsf.MESSAGE) == set(typing.get_args(State))
    assert (ocsf.ACCOUNT, ocsf.ENTITY, ocsf.ACCESS) == (
        audit.ACCOUNT_CHANGE,
        audit.ENTITY_MANAGEMENT,
        audit.USER_ACCESS,
    )


def test_a_step_says_who_whom_why_and_where_in_the_log():
    made = published(step(verb="grant", entitlement="tag:sales"))
    tenure = made["unmapped"]["tenure"]
    assert made["user"]["uid"] == MEI
    assert made["user"]["account"]["uid"] == "mei"
    assert made["privileges"] == ["tag:sales"]
    assert made["actor"] == {"app_name": "tenure", "app_uid": "urn:tenure:provisioner"}
    assert (tenure["facts"], tenure["rule"], tenure["policy"]) == (["urn:hr:acme/evt-1/1"], "sales", "p1")
    assert (tenure["plan"], tenure["number"], tenure["sequence"], made["metadata"]["sequence"]) == ("7", 1, 3, 3)


def test_an_operator_is_named_by_id_and_a_stop_is_a_suspension():
    made = published(decided(AccessStopped))
    assert made["actor"]["user"]["uid"] == "operator:li"
    assert made["activity_id"] == ocsf.SUSPEND
    assert made["unmapped"]["tenure"]["reason"] == "on request"


def test_a_settled_event_keeps_name_and_recipients_to_itself():
    text = str(published(settled(display_name="Sekret")))
    assert "Sekret" not in text
    assert "wei" not in text
