"""What each route of the operators' API is for."""

from collections.abc import Mapping

SUMMARIES: Mapping[str, str] = {
    "GET /v1/status": "the books, each target's mode and pause, the names of the living provisioners",
    "GET /v1/wait": "the status once nothing is in progress, or after so many seconds (`settled` says which)",
    "GET /v1/find": "persons one of whose ids, names, mobiles or e-mails begins so: ids only",
    "GET /v1/person": "accounts, grants and why, the timeline, what comes next",
    "GET /v1/todo": "everything that waits for a person, with the next command",
    "GET /v1/batch": "the events of an import, in parts, those that still stand",
    "GET /v1/holds": "slices that a guard holds",
    "GET /v1/holds/people": "who is in a slice",
    "GET /v1/quarantine": "messages nobody could read",
    "GET /v1/quarantine/{no}": "one of them, with bytes and headers",
    "GET /v1/clock": "business time, and the next moment at which something is due",
    "POST /v1/stop": "close a person's access now, until allowed or a later hire",
    "POST /v1/allow": "take a stop back",
    "POST /v1/retry": "look at a person again now",
    "POST /v1/holds/release": "let what a guard holds go on",
    "POST /v1/holds/refuse": "take no such step as long as the difference lasts",
    "POST /v1/grant": "an exception: something more, until a moment",
    "POST /v1/revoke": "an exception: something less, until a moment or for good",
    "POST /v1/extend": "a later end of an overlap after a move",
    "POST /v1/retain": "delete nothing of a person before a moment",
    "POST /v1/identify": "whose a worker is: that person's, or without one a human of their own",
    "POST /v1/policy/apply": "put a policy in force, counted whole; or only say what it would change",
    "POST /v1/sweep": "read a whole target: what differs",
    "POST /v1/adopt": "read a whole target: whose everything is",
    "POST /v1/pause": "start no platform call, on one target or on all",
    "POST /v1/continue": "start calls again; 409 while the secret is still refused",
    "POST /v1/clock": "move a rehearsal's time",
    "POST /v1/inbox/{no}/dismiss": "let go of an event that conflicts with an earlier one",
    "POST /v1/quarantine/{no}/dismiss": "let go of a message nobody could read",
    "POST /v1/quarantine/{no}/resend": "send it again, with other data if given",
}
"""By method and path."""
