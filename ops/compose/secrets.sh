#!/usr/bin/env bash
# secrets.sh [DIR]   Makes every secret that docker-compose.yml mounts and that is not there yet, in ./secrets.
# Nothing that exists is changed. The folder is for its owner alone; the files are readable so that the containers'
# own users can read what is mounted to them. Prints the names of what it made, never a value.
set -euo pipefail
dir=${1:-secrets}
mkdir -p "$dir"
chmod 700 "$dir"
umask 022

random() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
keep() { # NAME: standard input becomes the secret, unless there is one
  if [ -s "$dir/$1" ]; then cat >/dev/null; else cat >"$dir/$1" && echo "made $dir/$1"; fi
}
value() { tr -d '\n' <"$dir/$1"; }

random | keep database_password
printf 'postgresql://tenure:%s@postgres:5432/tenure' "$(value database_password)" | keep database
printf 'whsec_%s' "$(head -c 32 /dev/urandom | base64)" | keep acme_hr_secret
random | keep operator_token
printf '{"operators": {"local": "%s"}}' "$(printf %s "$(value operator_token)" | sha256sum | cut -d' ' -f1)" \
  | keep operators.json
random | keep grafana_password
# The platforms' own secrets: put the real ones in; what is made here opens only the sandbox.
for name in wecom_contact_secret wecom_app_secret dingtalk_app_secret; do random | keep "$name"; done
printf '{"wecom": {"corp_id": "ww0001", "agent_id": 1000002, "contact_secret": "%s", "app_secret": "%s"},
 "dingtalk": {"app_key": "dk0001", "agent_id": "1", "app_secret": "%s"}}' \
  "$(value wecom_contact_secret)" "$(value wecom_app_secret)" "$(value dingtalk_app_secret)" | keep sandbox.json
