#!/usr/bin/env bash
# Brings Debian's Prometheus (with promtool) and Alertmanager (with amtool) into tests/ops/parts, unless they are
# installed. The packages are only unpacked: nothing is installed, and no service is started.
set -euo pipefail
cd "$(dirname "$0")"
if command -v prometheus promtool prometheus-alertmanager amtool >/dev/null; then exit 0; fi
if [ -x parts/usr/bin/prometheus ] && [ -x parts/usr/bin/prometheus-alertmanager ]; then exit 0; fi
command -v apt-get >/dev/null || { echo "install Prometheus and Alertmanager: promtool, amtool and both servers"; exit 1; }
if [ "$(id -u)" = 0 ]; then apt-get -o DPkg::Lock::Timeout=300 update -qq; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
(cd "$work" && apt-get download -qq prometheus prometheus-alertmanager)
for package in "$work"/*.deb; do dpkg-deb -x "$package" parts; done
