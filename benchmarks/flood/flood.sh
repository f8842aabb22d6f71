#!/bin/sh
# Measures heap and latency of the server during a flood with forged sources, in a network namespace of its own.
# Needs root and iproute2. Usage: flood.sh SECONDS "JAVA COMMAND LINE OF THE SERVER UP TO run"; LIMIT_ALL= omits
# --rate-limit-all.
set -eu
seconds=${1:-30}
launcher=${2:-"java -Xmx256m -jar sipproxy-server/target/sipproxy.jar"}
here=$(dirname "$0")
ns=sipflood$$
log=$(mktemp)
cleanup() {
    kill "$proxy" 2>/dev/null || true
    ip netns del "$ns" 2>/dev/null || true
    rm -f "$log"
}
ip netns add "$ns"
proxy=
trap cleanup EXIT
in="ip netns exec $ns"
$in ip link set lo up
# every address of 10.0.0.0/8 is this namespace's own, so any of them can be a source and responses stay here
$in ip route add local 10.0.0.0/8 dev lo
$in $launcher run --listen udp:127.0.0.1:5070 --domain sip.test --subscriber 1001:test1234 \
    --rate-limit 50:500 ${LIMIT_ALL---rate-limit-all 2000} --log-level warn >"$log" 2>/dev/null &
proxy=$!
until grep -q READY "$log"; do sleep 0.2; done
heap() { jcmd "$proxy" GC.run >/dev/null; jcmd "$proxy" GC.heap_info | sed -n 's/.*total.*used \([0-9]*K\).*/heap after a collection: \1/p' | head -1; }
echo "before"
$in python3 "$here/probe.py" 127.0.0.1 5070 5
heap
echo "flood of $seconds s"
$in python3 "$here/flood.py" 127.0.0.1 5070 "$seconds" &
flood=$!
$in python3 "$here/probe.py" 127.0.0.1 5070 "$seconds"
wait "$flood"
heap
echo "after"
$in python3 "$here/probe.py" 127.0.0.1 5070 5
heap
