#!/usr/bin/env bash
# Brings the real parts that the connected tests need: Apache Kafka's jars and Debian's PostgreSQL.
# Fails with a clear message where one cannot be had; nothing is skipped.
set -euo pipefail
cd "$(dirname "$0")"

command -v java >/dev/null || { echo "connected tests need Java 17 or newer (Apache Kafka runs on it)"; exit 1; }
command -v mvn >/dev/null || { echo "connected tests need Maven (Apache Kafka's jars come through it)"; exit 1; }
if [ ! -e kafka/libs/.complete ]; then
  echo "fetching Apache Kafka through Maven"
  mvn -q -B -f kafka/pom.xml dependency:copy-dependencies -DoutputDirectory="$PWD/kafka/libs" -DincludeScope=runtime
  touch kafka/libs/.complete
fi

if ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
  [ "$(id -u)" = 0 ] || { echo "connected tests need Debian's PostgreSQL: apt-get install postgresql"; exit 1; }
  echo "installing Debian's PostgreSQL"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends postgresql >/dev/null
fi
echo "real parts are here: Apache Kafka $(ls kafka/libs | sed -n 's/^kafka_2.13-\(.*\)\.jar/\1/p'), PostgreSQL $(ls /usr/lib/postgresql | sort -n | tail -1)"
