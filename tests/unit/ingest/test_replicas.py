"""What a cluster says of its topics, and whether ingest can be given events while it says so."""

import pytest

from services.ingest.replicas import short_of


def topic(*partitions, error=0):
    return {"error_code": error, "topic": "hr.events", "partitions": list(partitions)}


def partition(leader, *in_sync):
    return {"leader": leader, "replicas": [1, 2, 3], "isr": list(in_sync)}


@pytest.mark.parametrize(
    ("shown", "enough", "said"),
    [
        ([topic(partition(1, 1, 2, 3)), topic(partition(3, 2, 3))], 2, None),
        ([topic(partition(1, 1))], 1, None),
        ([topic(partition(1, 1, 2, 3)), topic(partition(3, 3))], 2, "kafka_too_few_in_sync"),
        ([topic(partition(1, 1, 2), partition(-1, 3))], 1, "kafka_without_leader"),
        ([topic(error=3)], 1, "kafka_without_topic"),
    ],
    ids=["one replica behind", "one broker", "the minimum is not reached", "nobody leads a partition", "no topic"],
)
def test_what_the_cluster_says_is_missing(shown, enough, said):
    found = short_of(shown, enough)
    assert (found and (found.ok, found.detail)) == (said and (False, said))
