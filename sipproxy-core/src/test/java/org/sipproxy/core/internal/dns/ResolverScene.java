package org.sipproxy.core.internal.dns;

import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.message.SipUri;

/** A resolver over a fake DNS, and its deadlines. */
abstract class ResolverScene {

    static final Set<TransportKind> ALL = EnumSet.allOf(TransportKind.class);
    static final Set<TransportKind> UDP_AND_TCP = EnumSet.of(TransportKind.UDP, TransportKind.TCP);
    static final Set<StandardProtocolFamily> BOTH =
            EnumSet.of(StandardProtocolFamily.INET, StandardProtocolFamily.INET6);

    /** RFC 3263 §4: the example.com of its text, and a server with two SRV hosts. */
    static final String RFC_3263 = """
        example.com               NAPTR  50 50 s SIPS+D2T - _sips._tcp.example.com.
        example.com               NAPTR  90 50 s SIP+D2T  - _sip._tcp.example.com.
        example.com               NAPTR 100 50 s SIP+D2U  - _sip._udp.example.com.
        _sip._tcp.example.com     SRV   0 1 5060 server1.example.com.
        _sip._tcp.example.com     SRV   1 2 5062 server2.example.com.
        _sip._udp.example.com     SRV   0 1 5064 server2.example.com.
        _sips._tcp.example.com    SRV   0 1 5061 server1.example.com.
        server1.example.com       A     192.0.2.1
        server2.example.com       A     192.0.2.2
        example.com               A     192.0.2.99
        """;

    static final String SRV_ONLY = """
        _sip._udp.example.com     SRV   0 1 5070 sip.example.com
        _sip._tcp.example.com     SRV   0 1 5071 sip.example.com
        _sips._tcp.example.com    SRV   0 1 5072 sip.example.com
        sip.example.com           A     192.0.2.1
        example.com               A     192.0.2.99
        """;

    static final String ADDRESSES_ONLY = """
        example.com               A     192.0.2.1
        example.com               AAAA  2001:db8::1
        """;

    final List<Runnable> deadlines = new ArrayList<>();
    int deadlinesCancelled;

    String resolve(FakeDns dns, Set<TransportKind> transports, String uri) {
        Answered answered = new Answered();
        resolver(dns, transports, BOTH).resolve(SipUri.of(uri), Sender.HOST, answered);
        return answered.now();
    }

    static Sender client(InetAddress address) {
        return new Sender(address, false, false, null);
    }

    NextHopResolver resolver(FakeDns dns, Set<TransportKind> transports, Set<StandardProtocolFamily> families) {
        return new NextHopResolver(
                NameServers.of(dns, this::schedule), new Capabilities(transports, families), bound -> 0);
    }

    Future<?> schedule(Runnable task) {
        deadlines.add(task);
        return new CompletableFuture<Void>() {
            @Override
            public boolean cancel(boolean mayInterrupt) {
                deadlinesCancelled++;
                return super.cancel(mayInterrupt);
            }
        };
    }
}
