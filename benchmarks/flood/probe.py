"""A phone: registers with its password, then sends 20 OPTIONS per second and prints the latency of the responses."""
import hashlib, re, socket, sys, time

target, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 0))
sock.settimeout(1)
own = sock.getsockname()[1]
run = int(time.time() * 1000)


def request(method, number, lines=""):
    return (
        "%s sip:sip.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%d.%s;rport\r\n"
        "From: <sip:1001@sip.test>;tag=1\r\nTo: <sip:%ssip.test>\r\nCall-ID: %d\r\nCSeq: %s %s\r\n"
        "Max-Forwards: 70\r\n%sContent-Length: 0\r\n\r\n"
        % (method, own, run, number, "1001@" if method == "REGISTER" else "", run, number, method, lines)
    ).encode()


def ask(message):
    sock.sendto(message, (target, port))
    return sock.recv(4096).decode()


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def register():
    for attempt in range(30):
        try:
            nonce = re.search('nonce="([^"]*)"[^\n]*MD5', ask(request("REGISTER", 1))).group(1)
            answer = md5(
                "%s:%s:00000001:c:auth:%s" % (md5("1001:sip.test:test1234"), nonce, md5("REGISTER:sip:sip.test"))
            )
            reply = ask(
                request(
                    "REGISTER",
                    2 + attempt,
                    'Contact: <sip:1001@127.0.0.1:%d>\r\nAuthorization: Digest username="1001", realm="sip.test", '
                    'nonce="%s", uri="sip:sip.test", algorithm=MD5, qop=auth, nc=00000001, cnonce="c", response="%s"\r\n'
                    % (own, nonce, answer),
                )
            )
            if " 200 " in reply[:16]:
                return
        except socket.timeout:
            pass
    sys.exit("cannot register")


register()
times, lost, count, end = [], 0, 100, time.time() + seconds
while time.time() < end:
    count += 1
    start = time.time()
    try:
        ask(request("OPTIONS", count))
        times.append(time.time() - start)
    except socket.timeout:
        lost += 1
    time.sleep(0.05)
times.sort()
print(
    "%d responses, %d lost; median %.2f ms, 99th percentile %.2f ms, longest %.2f ms"
    % (len(times), lost, times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3, times[-1] * 1e3)
    if times
    else "no responses, %d lost" % lost
)
