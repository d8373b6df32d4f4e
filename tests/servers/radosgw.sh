#!/usr/bin/env bash
# Ceph's RADOS gateway, a real S3 server, on a cluster of one monitor and one store in memory, all
# on loopback. It is ready when PORT accepts connections; its daemons end with it.
# usage: PORT= MONITOR_PORT= MONITOR_PORT_1= DIR=folder ACCESS_KEY= SECRET_KEY= radosgw.sh
set -euo pipefail
: "${PORT:?}" "${MONITOR_PORT:?}" "${MONITOR_PORT_1:?}" "${DIR:?}"
: "${ACCESS_KEY:?}" "${SECRET_KEY:?}"
mkdir -p "$DIR"/{mon,osd,run,log}
export CEPH_CONF=$DIR/ceph.conf CEPH_ARGS=''
monitors="[v2:127.0.0.1:$MONITOR_PORT,v1:127.0.0.1:$MONITOR_PORT_1]"
cat >"$CEPH_CONF" <<END
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = $monitors
keyring = $DIR/keyring
public network = 127.0.0.0/8
ms bind ipv6 = false
run dir = $DIR/run
admin socket = $DIR/run/\$name.asok
log file = $DIR/log/\$name.log
crash dir = $DIR/run
mon data = $DIR/mon
osd data = $DIR/osd
rgw data = $DIR/rgw
osd objectstore = memstore
memstore device bytes = 1073741824
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
mon allow pool size one = true
osd crush chooseleaf type = 0
mon max pg per osd = 1000
mon data avail warn = 1
mon data avail crit = 1
paxos propose interval = 0.05
paxos min wait = 0.01
END

# Ends with this script, even when that is killed.
daemon() { setpriv --pdeathsig KILL "$@" & }

keys() { ceph-authtool "$@" >/dev/null; }
keys --create-keyring "$DIR/keyring" --gen-key -n mon. --cap mon 'allow *'
keys "$DIR/keyring" --gen-key -n client.admin \
  --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
keys "$DIR/keyring" --gen-key -n client.rgw \
  --cap mon 'allow rwx' --cap osd 'allow rwx'
keys "$DIR/keyring" --gen-key -n osd.0 \
  --cap mon 'allow profile osd' --cap osd 'allow *'
monmaptool --create --fsid "$(awk '/^fsid/ {print $3}' "$CEPH_CONF")" \
  --addv a "$monitors" "$DIR/monmap"
ceph-mon --mkfs -i a --monmap "$DIR/monmap" --keyring "$DIR/keyring"
daemon ceph-mon -f -i a
ceph --connect-timeout 60 mon stat
osd=$(cat /proc/sys/kernel/random/uuid)
ceph osd new "$osd"
ceph-osd -i 0 --mkfs --osd-uuid "$osd"
daemon ceph-osd -f -i 0
radosgw-admin user create --uid=waybill --display-name=waybill \
  --access-key="$ACCESS_KEY" --secret="$SECRET_KEY"
exec radosgw -f -n client.rgw --rgw-frontends "beast endpoint=127.0.0.1:$PORT"
