#!/usr/bin/env python3
"""Offers SIP servers a multiple of their capacity, one after the other, each in the same share of one core.

Needs Linux, root (for the control group), gcc, and the servers. See README.md.
"""
import argparse, contextlib, json, os, shlex, shutil, signal, socket, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
JAR = os.path.join(ROOT, "sipproxy-server/target/sipproxy.jar")
SERVER = "run --listen udp:127.0.0.1:{port} --listen tcp:127.0.0.1:{port} --domain example.test --no-auth --log-level warn"


class Group:
    """A control group with a CPU quota, of cgroup v1 or v2."""

    def __init__(self, name):
        self.v1 = os.path.exists("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
        self.dir = ("/sys/fs/cgroup/cpu/" if self.v1 else "/sys/fs/cgroup/") + name
        os.makedirs(self.dir, exist_ok=True)
        # the quota is the only limit: other processes of this machine must not take the share as well
        self.write("cpu.shares" if self.v1 else "cpu.weight", "262144" if self.v1 else "10000")

    def write(self, file, text):
        with open(os.path.join(self.dir, file), "w") as f:
            f.write(text)

    def quota(self, share, period):
        if self.v1:
            self.write("cpu.cfs_quota_us", "-1")
            self.write("cpu.cfs_period_us", str(period))
            self.write("cpu.cfs_quota_us", str(int(period * share)) if share else "-1")
        else:
            self.write("cpu.max", f"{int(period * share) if share else 'max'} {period}")

    def join(self):
        self.write("cgroup.procs", str(os.getpid()))

    def throttled(self):
        with open(os.path.join(self.dir, "cpu.stat")) as f:
            return dict(line.split() for line in f)

    def pids(self):
        with open(os.path.join(self.dir, "cgroup.procs")) as f:
            return [int(line) for line in f]

    def resident_mb(self):
        pages = 0
        for pid in self.pids():
            with contextlib.suppress(OSError, ValueError):
                with open(f"/proc/{pid}/smaps_rollup") as f:
                    pages += next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
        return pages / 1024

    def cpu_seconds(self):
        if self.v1:
            total = 0.0
            for pid in self.pids():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    for task in os.listdir(f"/proc/{pid}/task"):
                        with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                            total += int(f.read().split()[0]) / 1e9
            return total
        return int(self.throttled()["usage_usec"]) / 1e6

    def remove(self):
        with contextlib.suppress(OSError):
            os.rmdir(self.dir)


def threads_cpu(group):
    """CPU seconds by thread name."""
    out = {}
    for pid in group.pids():
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(OSError, ValueError, IndexError):
                    with open(f"/proc/{pid}/task/{task}/comm") as f:
                        name = f.read().strip()
                    with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                        out[name] = out.get(name, 0) + int(f.read().split()[0]) / 1e9
    return out


def answers(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.5)
        s.connect(("127.0.0.1", port))
        with contextlib.suppress(OSError):
            s.send((f"OPTIONS sip:example.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{s.getsockname()[1]};branch=z9hG4bKp"
                    f"{time.time()};rport\r\nMax-Forwards: 70\r\nFrom: <sip:p@example.test>;tag=p\r\nTo: <sip:example.test>\r\n"
                    f"Call-ID: {time.time()}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").encode())
            return s.recv(4096).startswith(b"SIP/2.0")
    return False


def generator(binary, *args):
    command = [binary] + [str(a) for a in args]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.nice(-15))
    if done.returncode:
        raise RuntimeError(f"{shlex.join(command)} failed with {done.returncode}")
    return json.loads(done.stdout)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def measure(name, command, port, options, binary, work):
    group = Group(f"sipoverload-{os.getpid()}")
    scratch = os.path.join(work, name)
    os.makedirs(scratch, exist_ok=True)
    log = open(os.path.join(scratch, "log"), "w")
    group.quota(options.share, options.period)
    line = command.format(port=port, dir=scratch, peers=options.peers or ".")
    server = subprocess.Popen(shlex.split(line), stdout=log, stderr=log, preexec_fn=group.join)
    try:
        limit = time.time() + 120
        while not answers(port):
            if server.poll() is not None or time.time() > limit:
                raise RuntimeError(f"{name} does not answer; see {log.name}")
        if options.warm_up_unlimited:
            group.quota(0, options.period)
        if options.warm_up:
            generator(binary, "--port", port, "--window", options.window, "--seconds", options.warm_up, "--users", options.users)
        group.quota(options.share, options.period)
        rates = []
        for _ in range(3):
            before, wall = group.cpu_seconds(), time.time()
            by_thread = threads_cpu(group)
            run = generator(binary, "--port", port, "--window", options.window, "--seconds", options.capacity_seconds,
                            "--warmup", 2, "--users", options.users)
            rates.append(run["capacity"])
            used = (group.cpu_seconds() - before) / (time.time() - wall)
            after = threads_cpu(group)
        capacity = sorted(rates)[1]
        shares = sorted(((after[t] - by_thread.get(t, 0), t) for t in after), reverse=True)[:6]
        print(f"{name}: capacity {capacity:.0f} calls/s of {[round(r) for r in rates]}, {used:.3f} of a core; CPU seconds "
              + ", ".join(f"{t} {s:.2f}" for s, t in shares), flush=True)
        if options.capacity_only:
            return None
        if options.earlier_overload:
            earlier = generator(binary, "--port", port, "--rate", capacity * options.times, "--seconds", options.earlier_overload,
                                "--after", 5, "--users", options.users, "--old", 10, "--ringing", 2)
            completed = earlier["goodput"][round(earlier["load_from"]):round(earlier["load_to"])]
            probes = [p for p in earlier["probes"] if earlier["load_from"] <= p[0] < earlier["load_to"]]
            print(f"{name}: earlier overload of {options.earlier_overload} s: {sum(completed) / len(completed) / capacity:.0%} of the"
                  f" capacity completed, by second {completed}; probes within 200 ms {sum(p[2] == 200 and p[1] <= 200 for p in probes)}"
                  f" of {len(probes)}, p99 {milliseconds(percentile([p[1] if p[2] == 200 else 1e9 for p in probes], 0.99))}", flush=True)
        memory, stop = [], threading.Event()

        def sample():
            began = time.time()
            while not stop.wait(0.5):
                memory.append((time.time() - began, group.resident_mb()))
        sampler = threading.Thread(target=sample, daemon=True)
        throttled = group.throttled()
        sampler.start()
        run = generator(binary, "--port", port, "--rate", capacity * options.times, "--seconds", options.seconds, "--after",
                        options.after, "--users", options.users, "--old", options.old, "--ringing", options.ringing)
        stop.set()
        sampler.join()
        run.update(name=name, capacity=capacity, times=options.times, memory=memory, throttled_before=throttled,
                   throttled=group.throttled())
        return run
    finally:
        for pid in group.pids():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            for pid in group.pids():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            server.wait(5)
        for _ in range(50):
            if not group.pids():
                break
            time.sleep(0.1)
        group.remove()
        log.close()


def summarize(run):
    seconds = run["load_to"] - run["load_from"]
    during = [p for p in run["probes"] if run["load_from"] <= p[0] < run["load_to"]]
    after = [p for p in run["probes"] if p[0] >= run["load_to"]]
    slow = [p[0] - run["load_to"] for p in after if p[2] != 200 or p[1] > 200]
    latencies = [p[1] if p[2] == 200 else 1e9 for p in during]
    # what ends later has ended after a wait that no caller accepts
    completed = sum(run["goodput"][round(run["load_from"]):round(run["load_to"])]) / seconds
    before = [m for t, m in run["memory"] if t < run["load_from"]]
    load = [m for t, m in run["memory"] if t >= run["load_from"]]
    return {
        "capacity": run["capacity"],
        "offered": sum(run["offered"]) / seconds,
        "completed": completed,
        "share": completed / run["capacity"],
        "refused": sum(run["refused"]),
        "failed": sum(run["failed"]),
        "expired": sum(run["expired"]),
        "byes": f"{run['byes_ok']} of {run['byes']}",
        "cancels": f"{run['cancels_ok']} of {run['cancels']}",
        "probes": f"{sum(p[2] == 200 for p in during)} of {len(during)}",
        "probe_200": sum(l <= 200 for l in latencies),
        "probe_p50": percentile(latencies, 0.5),
        "probe_p99": percentile(latencies, 0.99),
        "recovery": max(slow) if slow else 0.0,
        "memory_before": max(before) if before else float("nan"),
        "memory_max": max(load) if load else float("nan"),
        "setup_p50": run["setup_p50_ms"],
        "setup_p99": run["setup_p99_ms"],
        "retransmissions": run["retransmissions"],
    }


def milliseconds(value):
    return "no response" if value >= 1e9 else f"{value:.1f} ms"


def table(runs):
    rows = [("capacity, calls/s", lambda s: f"{s['capacity']:.0f}"),
            ("offered, calls/s", lambda s: f"{s['offered']:.0f}"),
            ("completed, calls/s", lambda s: f"{s['completed']:.0f} ({s['share']:.0%} of the capacity)"),
            ("calls refused with 503 / failed otherwise / without a response",
             lambda s: f"{s['refused']} / {s['failed']} / {s['expired']}"),
            ("set-up of completed calls, p50, p99", lambda s: f"{s['setup_p50']} ms, {s['setup_p99']} ms"),
            ("BYEs of older calls with 200", lambda s: s["byes"]),
            ("CANCELs of ringing calls with 200 and 487", lambda s: s["cancels"]),
            ("REGISTER probes with 200, within 200 ms", lambda s: f"{s['probes']}, {s['probe_200']}"),
            ("REGISTER probe, p50, p99", lambda s: f"{milliseconds(s['probe_p50'])}, {milliseconds(s['probe_p99'])}"),
            ("last slow probe after the load", lambda s: f"{s['recovery']:.1f} s"),
            ("memory before, maximum", lambda s: f"{s['memory_before']:.0f} MB, {s['memory_max']:.0f} MB"),
            ("retransmissions of the clients", lambda s: f"{s['retransmissions']}")]
    summaries = [summarize(r) for r in runs]
    lines = ["| | " + " | ".join(r["name"] for r in runs) + " |", "|---" * (len(runs) + 1) + "|"]
    for title, cell in rows:
        lines.append("| " + title + " | " + " | ".join(cell(s) for s in summaries) + " |")
    return "\n".join(lines)


COLOURS = ["#0b6e4f", "#c8553d", "#3b5bdb", "#8d6a9f", "#555555"]


def plot(runs, path):
    """Two charts, one below the other: calls completed each second in percent of the capacity, and the probe's latency."""
    width, height, left, top = 900, 220, 70, 40
    end = max(r["load_to"] - r["load_from"] for r in runs) + 45
    begin = -5.0
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + left + 20}" height="{2 * height + 170}" '
           'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>']

    def x(t):
        return left + (t - begin) / (end - begin) * width

    def frame(y0, title, marks):
        out.append(f'<text x="{left}" y="{y0 - 10}" font-size="14">{title}</text>')
        shade = x(runs[0]["load_to"] - runs[0]["load_from"]) - x(0)
        out.append(f'<rect x="{x(0):.1f}" y="{y0}" width="{shade:.1f}" height="{height}" fill="#eeeeee"/>')
        for label, y in marks:
            out.append(f'<line x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#cccccc"/>'
                       f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
        for t in range(0, int(end) + 1, 10):
            out.append(f'<text x="{x(t):.1f}" y="{y0 + height + 16}" text-anchor="middle">{t} s</text>')

    def percent_y(p):
        return top + height - min(p, 125) / 125 * height

    frame(top, f"Calls completed each second, in percent of the server's capacity; {runs[0]['times']:g} times the capacity is "
          "offered in the grey time", [(f"{p} %", percent_y(p)) for p in (0, 25, 50, 75, 100, 125)])
    for number, r in enumerate(runs):
        points = []
        for s in range(len(r["goodput"]) - 1):
            t = s + 0.5 - r["load_from"]
            if begin <= t <= end:
                points.append(f"{x(t):.1f},{percent_y(100 * r['goodput'][s] / r['capacity']):.1f}")
        out.append(f'<polyline fill="none" stroke-width="2" stroke="{COLOURS[number % 5]}" points="{" ".join(points)}"/>')
    y1 = top + height + 70

    def latency_y(ms):
        import math
        return y1 + height - max(0.0, min(1.0, math.log10(max(ms, 0.1) * 10) / math.log10(4e5))) * height

    frame(y1, "Response time of a REGISTER sent every 100 ms (logarithmic); at the top: no response",
          [("0.1 ms", latency_y(0.1)), ("1 ms", latency_y(1)), ("10 ms", latency_y(10)), ("200 ms", latency_y(200)),
           ("2 s", latency_y(2000)), ("none", latency_y(4e4))])
    for number, r in enumerate(runs):
        for at, latency, status in r["probes"]:
            t = at - r["load_from"]
            if begin <= t <= end:
                out.append(f'<circle cx="{x(t):.1f}" cy="{latency_y(latency if status == 200 else 4e4):.1f}" r="1.6" '
                           f'fill="{COLOURS[number % 5]}"/>')
    for number, r in enumerate(runs):
        at = left + number * 260
        out.append(f'<rect x="{at}" y="{y1 + height + 30}" width="14" height="10" fill="{COLOURS[number % 5]}"/>'
                   f'<text x="{at + 20}" y="{y1 + height + 40}">{r["name"]}, capacity {r["capacity"]:.0f} calls/s</text>')
    out.append("</svg>")
    with open(path, "w") as f:
        f.write("\n".join(out) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", help="folder with kamailio-memory.cfg; without it only sipproxy is measured")
    parser.add_argument("--java", default="java -Xmx512m", help="command line up to -jar (%(default)s)")
    parser.add_argument("--jar", default=JAR)
    parser.add_argument("--target", action="append", default=[], metavar="NAME=COMMAND",
                        help="another server, which stays in the foreground; {port} is its UDP port")
    parser.add_argument("--only", help="names of the servers to measure, with commas")
    parser.add_argument("--share", type=float, default=0.3, help="share of one core (%(default)s)")
    parser.add_argument("--period", type=int, default=10000, help="period of the quota in microseconds (%(default)s)")
    parser.add_argument("--times", type=float, default=3, help="offered load in multiples of the capacity (%(default)s)")
    parser.add_argument("--seconds", type=int, default=60, help="length of the load (%(default)s)")
    parser.add_argument("--after", type=int, default=45, help="observation after the load, in seconds (%(default)s)")
    parser.add_argument("--warm-up", type=int, default=30, help="seconds of load before all measurements (%(default)s)")
    parser.add_argument("--warm-up-unlimited", action="store_true", help="no quota during the warm-up")
    parser.add_argument("--earlier-overload", type=int, default=0, metavar="SECONDS",
                        help="an overload before the measured one, so that the code for it is compiled (%(default)s)")
    parser.add_argument("--capacity-seconds", type=int, default=10, help="length of each of three runs (%(default)s)")
    parser.add_argument("--window", type=int, default=64, help="calls in progress while the capacity is measured (%(default)s)")
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--old", type=int, default=600, help="older calls that end during the load (%(default)s)")
    parser.add_argument("--ringing", type=int, default=60, help="ringing calls that are cancelled during it (%(default)s)")
    parser.add_argument("--capacity-only", action="store_true", help="do not offer more than the capacity")
    parser.add_argument("--plot", default="overload.svg", help="where the plot is written (%(default)s)")
    parser.add_argument("--work", help="folder for the logs of the servers, which is kept")
    parser.add_argument("--json", help="where all figures are written")
    options = parser.parse_args()
    targets = [("sipproxy", f"{options.java} -jar {options.jar} {SERVER}")]
    if options.peers:
        targets.append(("kamailio", "kamailio -f {peers}/kamailio-memory.cfg -DD -E -m 1024 -M 16 -n 2 -N 1 -x tlsf -X tlsf -Y {dir}"
                        " -P {dir}/pid -l udp:127.0.0.1:{port} -l tcp:127.0.0.1:{port}"))
    targets += [tuple(t.split("=", 1)) for t in options.target]
    if options.only:
        targets = [t for t in targets if t[0] in options.only.split(",")]
    work = options.work or tempfile.mkdtemp(prefix="overload")
    os.makedirs(work, exist_ok=True)
    runs = []
    try:
        binary = os.path.join(work, "calls")
        subprocess.run(["gcc", "-O2", "-o", binary, os.path.join(HERE, "calls.c")], check=True)
        for number, (name, command) in enumerate(targets):
            run = measure(name, command, 15060 + number, options, binary, work)
            if run is None:
                continue
            runs.append(run)
            print(json.dumps(summarize(run)), flush=True)
        if options.capacity_only:
            return
        print(table(runs))
        plot(runs, options.plot)
        print(f"plot: {options.plot}")
        if options.json:
            with open(options.json, "w") as f:
                json.dump(runs, f)
    except BaseException:
        print(f"logs of the servers: {work}", file=sys.stderr)
        raise
    if not options.work:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
