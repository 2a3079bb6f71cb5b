"""Our binary-mode records, read and written by the CloudEvents SDK, which nobody here wrote."""

import json
from datetime import UTC, datetime

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from contracts.envelope import Attributes, from_headers, to_headers

DATA = {"worker_id": "W1", "effective_at": "2026-03-15", "person": {"display_name": "王伟"}}
AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def test_the_sdk_reads_what_we_write():
    known = {"specversion": "1.0", "id": "e1", "source": "urn:hr:acme", "type": "hr.worker.hired.v1"}
    ours = Attributes(**known, time=AT, recordedat=AT)
    message = KafkaMessage(dict(to_headers(ours)), b"urn:hr:acme/W1", json.dumps(DATA).encode())
    event = from_binary(message, JSONFormat())
    assert (event.get_id(), event.get_source(), event.get_type()) == ("e1", "urn:hr:acme", "hr.worker.hired.v1")
    assert (event.get_time(), event.get_data()) == (AT, DATA)


def test_we_read_what_the_sdk_writes():
    attributes = {"id": "e1", "source": "urn:hr:acme", "type": "hr.worker.hired.v1", "specversion": "1.0", "time": AT}
    message = to_binary(CloudEvent(attributes, DATA), JSONFormat())
    read = Attributes.model_validate(from_headers(message.headers.items()))
    assert (read.id, read.source, read.time) == ("e1", "urn:hr:acme", AT)
    assert json.loads(message.value) == DATA
