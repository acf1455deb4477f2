#!/bin/sh
# What compose runs once for each region, in its container: make-region.sh init|join NAME PUBLIC_PORT OBJECTS_PORT
# The ports are those of the host. What is there already stays as it is.
set -eu
how=$1 name=$2 public_port=$3 objects_port=$4

in_json() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

set -- --dir /etc/holdfast --region "$name" \
  --set data_dir=/var/lib/holdfast/data \
  --set "hosts=[\"localhost\",\"$name\"]" \
  --set listeners.public.url="https://localhost:$public_port" \
  --set listeners.public.proxy_address=0.0.0.0:9443 \
  --set 'listeners.public.trusted_proxies=["10.0.0.0/8","172.16.0.0/12","192.168.0.0/16"]' \
  --set listeners.objects.url="https://localhost:$objects_port" \
  --set listeners.objects.proxy_address=0.0.0.0:9444 \
  --set 'listeners.objects.trusted_proxies=["10.0.0.0/8","172.16.0.0/12","192.168.0.0/16"]' \
  --set listeners.admin.address=0.0.0.0:8445 \
  --set listeners.replication.peer_address="$name:8446"

if [ "$how" = init ]; then
  [ ! -e /etc/holdfast/holdfast.json ] || exit 0
  # By standard input: on the host everybody sees the arguments of the container's processes.
  exec holdfast init "$@" --issuer-base https://localhost:8443 --recovery-key-file /recovery/recovery.key --admin-file - <<END
{"name": "$(in_json "${ADMIN_NAME:-Administrator}")", "email": "$(in_json "${ADMIN_EMAIL:-admin@example.com}")",
 "phone": "$(in_json "${ADMIN_PHONE:-+14155550100}")"}
END
fi

if [ ! -e /etc/holdfast/holdfast.json ]; then
  holdfast join-token --url https://us-east-1:8445 --ca-file /us-east-1/tls/ca.crt --token-file /us-east-1/admin-token \
    --name "$name" --out /tmp/join-token
  holdfast join "$@" --token-file /tmp/join-token
fi
# Each region has an authority of its own: clients and the front door trust both.
cat /us-east-1/tls/ca.crt /etc/holdfast/tls/ca.crt > /trust/ca.crt
chmod 0644 /trust/ca.crt
