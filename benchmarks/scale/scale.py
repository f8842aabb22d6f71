#!/usr/bin/env python3
"""Cost of a REGISTER and longest response as the number of bindings grows.

For each number of users it starts sipproxy-server/target/sipproxy.jar, registers them, and measures while they refresh:
at a fixed rate, and with as many REGISTERs as the server takes. Prints a table, and draws a plot with --svg.
PEERS is the folder with bench.py and the load generator that compare.sh uses.
"""
import argparse, contextlib, fcntl, json, math, os, re, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
JAR = os.path.join(HERE, "..", "..", "sipproxy-server", "target", "sipproxy.jar")


@contextlib.contextmanager
def locked(path):
    if not path:
        yield
        return
    with open(path, "a") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def arguments():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--peers", required=True, help="folder with bench.py and sipload.c")
    a.add_argument("--jar", default=JAR)
    a.add_argument("--users", default="10000,100000,1000000")
    a.add_argument("--rate", type=int, default=10000, help="REGISTERs per second of the fixed rate")
    a.add_argument("--seconds", type=int, default=30, help="time measured at each point")
    a.add_argument("--java", default="java -Xmx512m", help="command and options of the JVM")
    a.add_argument("--modes", default="fixed,saturation")
    a.add_argument("--port", type=int, default=17060)
    a.add_argument("--svg", help="draws the plot of the results into this file")
    a.add_argument("--json", help="appends each result to this file")
    a.add_argument("--draw", action="store_true", help="measures nothing; reads the results from --json")
    a.add_argument("--lock", help="file to lock around each point, if the machine is shared")
    a.add_argument("--work", default="/tmp/sipproxy-scale")
    return a.parse_args()


def start(args, bench, gc_log):
    command = args.java.split() + [f"-Xlog:gc*:file={gc_log}:uptime:filecount=0", "-jar", args.jar, "run", "--no-auth",
                                   "--domain", "example.test", "--listen", f"udp:127.0.0.1:{args.port}",
                                   "--log-level", "warn", "--control", "none"]
    log = open(os.path.join(args.work, "server.log"), "w")
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    for line in server.stdout:
        if line.startswith("READY"):
            return server
    bench.stop(server)
    raise SystemExit(f"the server did not start, see {log.name}")


def measure(args, bench, sipload, users, mode):
    gc_log = os.path.join(args.work, f"gc-{users}-{mode}.log")
    server = start(args, bench, gc_log)
    began = time.monotonic()
    try:
        # all users once, then refreshes until the code is compiled and the table of finished transactions is full
        rate = args.rate if mode == "fixed" else 12000
        warmup = users // rate + 40
        command = [sipload, "--scenario", "register", "--port", str(args.port), "--users", str(users),
                   "--window", "8192" if mode == "fixed" else "64", "--warmup", str(warmup),
                   "--seconds", str(args.seconds)] + (["--rate", str(args.rate)] if mode == "fixed" else [])
        load = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        marks = {}
        result = {}
        for line in load.stdout:
            if line.startswith("measure-"):
                marks[line.strip()] = (time.monotonic() - began, bench.cpu(server.pid))
            elif line.startswith("{"):
                result = json.loads(line)
        load.wait()
        if not result:
            raise SystemExit(f"no result for {users} users; the generator exited with {load.returncode}")
        (from_s, before), (to_s, after) = marks["measure-begin"], marks["measure-end"]
        resident = bench.memory(server.pid)[0]
        live = live_heap(server.pid)
    finally:
        bench.stop(server)
    return {"users": users, "mode": mode, "java": args.java, "rate": round(result["tps"]),
            "us": round((after - before) * 1e6 / max(result["completed"], 1), 2),
            "p50_ms": result["p50_us"] / 1000, "p99_ms": result["p99_us"] / 1000, "max_ms": result["max_us"] / 1000,
            "bad": result["failed"] + result["timeouts"] + result["unanswered"] + result["overrun"],
            "pause_ms": longest_pause(gc_log, from_s - 1, to_s + 1), "live_mb": live, "resident_mb": round(resident)}


def live_heap(pid):
    """MB of live objects, by the histogram of the JVM, which collects first."""
    text = subprocess.run(["jcmd", str(pid), "GC.class_histogram"], stdout=subprocess.PIPE, text=True).stdout
    total = re.search(r"^Total\s+\d+\s+(\d+)", text, re.M)
    return round(int(total.group(1)) / 1e6) if total else 0


def longest_pause(gc_log, from_s, to_s):
    longest = 0.0
    with open(gc_log) as f:
        for line in f:
            found = re.match(r"\[([\d.]+)s\].*Pause.* ([\d.]+)ms$", line.strip())
            if found and from_s <= float(found.group(1)) <= to_s:
                longest = max(longest, float(found.group(2)))
    return round(longest, 1)


def table(rows):
    print("\n| users | load | REGISTERs/s | CPU, µs each | p50, ms | p99, ms | longest response, ms | longest pause, ms "
          "| live heap, MB | resident, MB | failed |\n|---|---|---|---|---|---|---|---|---|---|---|")
    for r in rows:
        print(f"| {r['users']:,} | {r['mode']} | {r['rate']:,} | {r['us']:.1f} | {r['p50_ms']:.2f} | {r['p99_ms']:.1f} "
              f"| {r['max_ms']:.0f} | {r['pause_ms']:.0f} | {r['live_mb']} | {r['resident_mb']} | {r['bad']} |")


# ---- the plot: two panels side by side, one line for each load and JVM

COLOURS = ["#1b6ca8", "#c0392b", "#2e8b57", "#8e5aa8"]


def plot(rows, path):
    series = {}
    for r in rows:
        name = ("at a fixed rate" if r["mode"] == "fixed" else "at saturation")
        series.setdefault((name, r["java"]), []).append(r)
    javas = {java for _, java in series}
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="840" height="330" font-family="sans-serif" font-size="12">',
           '<rect width="840" height="330" fill="white"/>']
    users = sorted({r["users"] for r in rows})
    for left, key, title, only in ((60, "us", "CPU per REGISTER, µs", None),
                                   (480, "max_ms", "longest response, ms", "at a fixed rate")):
        shown = {k: v for k, v in series.items() if only in (None, k[0])}
        if not shown:
            continue
        top = 4 * math.ceil(max(r[key] for v in shown.values() for r in v) * 1.2 / 4)
        x = lambda n: left + 20 + 280 * users.index(n) / max(len(users) - 1, 1)
        y = lambda value: 250 - 200 * value / top
        out.append(f'<text x="{left}" y="30" font-weight="bold">{title}</text>')
        out.append(f'<path d="M{left} 50V250H{left + 320}" fill="none" stroke="#333"/>')
        for i in range(5):
            value = top * i / 4
            out.append(f'<text x="{left - 6}" y="{y(value) + 4:.0f}" text-anchor="end">{value:.0f}</text>')
            out.append(f'<path d="M{left} {y(value):.0f}h320" stroke="#ddd"/>')
        for n in users:
            out.append(f'<text x="{x(n):.0f}" y="268" text-anchor="middle">{n:,}</text>')
        for i, ((name, java), points) in enumerate(shown.items()):
            points = sorted(points, key=lambda r: r["users"])
            colour = COLOURS[list(series).index((name, java)) % len(COLOURS)]
            line = " ".join(f"{x(r['users']):.0f},{y(r[key]):.0f}" for r in points)
            out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
            for r in points:
                out.append(f'<circle cx="{x(r["users"]):.0f}" cy="{y(r[key]):.0f}" r="3" fill="{colour}"/>')
            text = name + (f", {java}" if len(javas) > 1 else "")
            out.append(f'<text x="{left}" y="{290 + 16 * i}" fill="{colour}">{text}</text>')
    out.append("</svg>")
    with open(path, "w") as f:
        f.write("\n".join(out) + "\n")


def main():
    args = arguments()
    if args.draw:
        with open(args.json) as f:
            rows = [json.loads(line) for line in f]
    else:
        if not os.path.isfile(os.path.join(args.peers, "bench.py")) or not os.path.isfile(args.jar):
            raise SystemExit(f"scale.py: needs {args.peers}/bench.py and {args.jar}; build with mvn -B -q package -DskipTests")
        sys.path.insert(0, args.peers)
        import bench
        os.makedirs(args.work, exist_ok=True)
        sipload = os.path.join(args.work, "sipload")
        subprocess.run(["gcc", "-O2", "-o", sipload, os.path.join(args.peers, "sipload.c"), "-lm"], check=True)
        rows = []
        for mode in args.modes.split(","):
            for users in map(int, args.users.split(",")):
                with locked(args.lock):
                    rows.append(measure(args, bench, sipload, users, mode))
                print(json.dumps(rows[-1]), flush=True)
                if args.json:
                    with open(args.json, "a") as f:
                        f.write(json.dumps(rows[-1]) + "\n")
    table(rows)
    if args.svg:
        plot(rows, args.svg)


if __name__ == "__main__":
    main()
