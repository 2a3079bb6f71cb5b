"""What HR says, in the form of the edge cases beside the repository, in few words."""

HIRED, GONE = "2024-01-02", "2025-07-01"
PAYROLL = {"attributes": {"source": "urn:hr:payroll"}}
"""A second system of the same company, with the same worker numbers. `attributes` and `data` of an event go into its
CloudEvent as they are."""


def mobile_of(who):
    return f"199{sum(ord(c) * 31**n for n, c in enumerate(who)) % 10**8:08}"


def hire(who, date=HIRED, department="D-SALES", *, event_id="", name="周宁", title="专员", **more):
    contact = {"mobile": mobile_of(who), "email": f"{mobile_of(who)}@corp.example"}
    person = {key: value for key, value in (contact | more.pop("person", {})).items() if value is not None}
    org = {"department_id": department, "department_name": more.pop("called", department), "title": title}
    said = {"person": {"name": name, **person}, "org": org | more.pop("org", {})}
    return event("hire", who, date, event_id or f"{who}-hire", **said, **more)


def leave(who, date=GONE, event_id="", **more):
    return event("leave", who, date, event_id or f"{who}-leave", **more)


def move(who, date, department, event_id="", title="专员", **more):
    org = {"department_id": department, "department_name": department, "title": title} | more.pop("org", {})
    return event("transfer", who, date, event_id or f"{who}-move", org=org, **more)


def renamed(who, date, event_id="", **person):
    return event("person_change", who, date, event_id or f"{who}-person", person=person)


def back_from(of, who, date, recorded, event_id=""):
    return event("cancel", who, date, event_id or f"{of}-undone", cancels=of, recorded_at=recorded)


def joined(into, other, date, recorded, event_id="joined"):
    """Two numbers are one human from that date on; HR says so when it is recorded."""
    return event("id_merge", into, date, event_id, merged_from=other, recorded_at=recorded)


def event(kind, who, date, event_id, **more):
    return {"event_id": event_id, "type": kind, "employee_id": who, "effective_date": date, **more}


def department(kind, event_id, date, number, name=None, **org):
    return {"event_id": event_id, "type": f"department_{kind}", "effective_date": date,
            "org": {"department_id": number, "department_name": name, **org}}  # fmt: skip


def happens(date, does, worker=None, **what):
    """What somebody does on the platform (see `platforms`); `looks` is our own look at all of it, a sweep."""
    what |= {"worker": worker} if worker else {}
    return {"type": "platform", "effective_date": date, "does": does, "what": what}


ACTIVE, DISABLED = {"status": "active"}, {"status": "disabled"}
NEVER = {"status": ["none", "disabled"]}
OPEN_THEN = {"status": "disabled", "active_on": ["2025-06-30"], "disabled_at": ["2025-07-01T00:01:00+08:00"]}


class Cases(dict):
    """By number."""

    def __call__(self, number, title, given, accounts, deliveries=(), **more):
        """`accounts` and `deliveries` are what must come of it."""
        expected = {"accounts": accounts, "deliveries": list(deliveries)}
        self[number] = {"id": number, "title": title, "given": given, "expect": expected, **more}
