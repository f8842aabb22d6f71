#!/usr/bin/env bash
# Measures the server beside Kamailio. Usage: compare.sh PEERS [options of bench.py]
# PEERS is a folder with bench.py, the load generator and Kamailio's configurations.
set -euo pipefail
if [ $# -lt 1 ] || [ ! -f "$1/bench.py" ]; then
    echo "usage: compare.sh PEERS [options of PEERS/bench.py]; PEERS is a folder with bench.py" >&2
    exit 2
fi
peers=$(cd "$1" && pwd)
shift
jar=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/sipproxy-server/target/sipproxy.jar
if [ ! -f "$jar" ]; then
    echo "compare.sh: $jar does not exist; build it with mvn -B -q package -DskipTests" >&2
    exit 2
fi
exec python3 "$peers/bench.py" --targets kamailio-memory,kamailio-memory-tlsf --freeze --first-warmup 15 \
    --target "sipproxy=java -Xmx512m -jar $jar run --listen udp:127.0.0.1:{port} --listen tcp:127.0.0.1:{port} --domain example.test --no-auth --log-level warn" \
    "$@"
