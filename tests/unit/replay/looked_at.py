"""A small company for replays and previews: events in structured form, and two policies."""

from itertools import count

SOURCE = "urn:hr:acme"
_numbers = count(1)
POLICY = """
sources: {acme: {source: "urn:hr:acme", zone: Asia/Shanghai, leave_date_means: last_day_worked}}
targets: {wecom: {type: memory, mode: enforce}, dingtalk: {type: dingtalk, app_key: k, app_secret: s, agent_id: 1}}
accounts:
  wecom:
    requires: has(person.mobile)
    username: "{family.pinyin}{given.initials}"
    attributes:
      name: person.display_name
      mobile: {value: person.mobile, write: on_create}
      position: assignment.title
  dingtalk:
    for: '!has(employment.type) || employment.type != "agency"'
birthright:
  sales: {when: 'assignment.job_function == "sales"', grants: {wecom: ["tag:sales"]}}
  office: {when: 'assignment.job_function == "administration"', grants: {wecom: ["tag:office"]}}
"""
MEI = {"family_name": "王", "given_name": "梅", "display_name": "王梅", "mobile": "13800000001"}


def event(kind, effective_at, event_id=None, time=None, source=SOURCE, **data):
    return {
        "specversion": "1.0", "id": event_id or f"e{next(_numbers)}", "source": source, "type": f"hr.{kind}.v1",
        "time": time or f"{effective_at[:10]}T00:00:00Z", "data": {"effective_at": effective_at, **data},
    }  # fmt: skip


def hired(at="2025-03-01", worker="W1", person=None, function="sales", title="Clerk", **more):
    """Mei; under another number somebody of her name with another mobile."""
    person = person or MEI | {"mobile": f"1380000{int(worker.removeprefix('W')):04}"}
    assignment = {"department_id": "D1", "job_function": function, "title": title}
    return event("worker.hired", at, worker_id=worker, person=person, assignment=assignment, **more)


def moved(at, worker="W1", **assignment):
    return event("worker.transferred", at, worker_id=worker, assignment=assignment)


def left(at, worker="W1", **more):
    return event("worker.left", at, worker_id=worker, **more)


def renamed(at, worker="W1", **person):
    return event("worker.updated", at, worker_id=worker, person=person)


def withdrawn(about, at="2025-03-02", **more):
    found = event("event.withdrawn", at, **more)
    found["data"]["event_id"] = about["id"]
    return found
