"""Kafka and PostgreSQL for trying, developing and testing: children that die with us."""
