"""Every topic, once: name, key, partitions, retention and what it is for."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as declared. `retention` None keeps records for ever; `key` says what the record key holds."""

    name: str
    key: str
    partitions: int
    retention: timedelta | None
    purpose: str

    @property
    def config(self) -> dict[str, str]:
        """Broker settings; time and bytes are both needed to keep for ever."""
        milliseconds = -1 if self.retention is None else int(self.retention.total_seconds() * 1000)
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(milliseconds),
            "retention.bytes": "-1",
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
        }


MAX_MESSAGE_BYTES = 1_048_576
MONTH, YEAR = timedelta(days=30), timedelta(days=366)

HR_EVENTS = Topic("hr.events", "{id_space}/{worker_id}", 12, None, "HR facts of workers: the record")
HR_URGENT = Topic("hr.events.urgent", "{id_space}/{worker_id}", 6, None, "what may end access: it overtakes")
HR_DEPARTMENTS = Topic("hr.departments", "department_id", 3, None, "HR facts of departments: the record")
HR_QUARANTINE = Topic(
    "hr.quarantine", "topic/partition/offset", 3, YEAR, "messages nobody could read, bytes and reason"
)
OUTCOMES = Topic("provisioning.outcomes", "person_id", 12, YEAR, "what the provisioner did and found out")
DECISIONS = Topic("tenure.decisions", "person_id", 3, None, "what operators and Tenure decided: the record")
CONFIRMATIONS = Topic("lifecycle.confirmations", "event source/id", 6, YEAR, "one statement an HR event")
AUDIT = Topic("audit.events", "person_id", 6, None, "the audit records, in the order of the log")

TOPICS = (HR_EVENTS, HR_URGENT, HR_DEPARTMENTS, HR_QUARANTINE, OUTCOMES, DECISIONS, CONFIRMATIONS, AUDIT)
INTAKE = (HR_EVENTS, HR_URGENT, HR_DEPARTMENTS)


def intake_group(topic: Topic) -> str:
    """The consumer group that takes a topic in. One each, so that a backlog in one never delays another."""
    return f"provisioner.{topic.name}"
