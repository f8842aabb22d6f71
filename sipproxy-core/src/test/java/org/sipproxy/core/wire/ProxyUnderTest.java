package org.sipproxy.core.wire;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.SipTimers;

/** Proxy for the domain sip.test on loopback, UDP and TCP, with the elements that talk to it. */
final class ProxyUnderTest implements AutoCloseable {

    /** T1 10 ms, T2 80 ms, T4 100 ms, Timers B, F and H 1 s, Timer C 1 s. */
    static final SipTimers QUICK = SipTimers.builder()
            .t1(Duration.ofMillis(10))
            .t2(Duration.ofMillis(80))
            .t4(Duration.ofMillis(100))
            .transactionTimeout(Duration.ofSeconds(1))
            .ringTimeout(Duration.ofSeconds(1))
            .build();

    /** Stage that trusts every sender, so that later refusals are those that a user gets. */
    static final RequestStage TRUST = new RequestStage() {
        @Override
        public Verdict handle(StageContext context) {
            context.trust();
            return Verdict.proceed();
        }

        @Override
        public boolean mayBlock() {
            return false;
        }

        @Override
        public boolean isRepeatable() {
            return true;
        }
    };

    private final SipProxy proxy;
    private final List<WireClient> clients = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private long stalledReceivers;

    private ProxyUnderTest(SipProxy proxy) {
        this.proxy = proxy;
        proxy.start();
    }

    static ProxyUnderTest start() {
        return start(builder -> builder);
    }

    static ProxyUnderTest start(UnaryOperator<SipProxyBuilder> options) {
        return on("127.0.0.1", options);
    }

    static ProxyUnderTest on(String host, UnaryOperator<SipProxyBuilder> options) {
        return new ProxyUnderTest(options.apply(SipProxy.builder()
                        .listen(Endpoint.udp(host, 0))
                        .listen(Endpoint.tcp(host, 0))
                        .domain("sip.test")
                        .noAuthentication()
                        .udpReceivers(2))
                .build());
    }

    /** Starts a proxy with the options of the test only. */
    static ProxyUnderTest of(SipProxyBuilder options) {
        return new ProxyUnderTest(options.build());
    }

    SipProxy proxy() {
        return proxy;
    }

    InetSocketAddress address(TransportKind kind) {
        Endpoint endpoint = proxy.boundEndpoints().stream()
                .filter(e -> e.kind() == kind)
                .min(java.util.Comparator.comparing(e -> !e.host().equals("127.0.0.1")))
                .orElseThrow();
        try {
            InetAddress address = InetAddress.getByName(endpoint.host());
            return new InetSocketAddress(
                    address.isAnyLocalAddress() ? InetAddress.getByName("127.0.0.1") : address, endpoint.port());
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns {@code 127.0.0.1:port} of the UDP listening point. */
    String udpHostPort() {
        return hostPort(TransportKind.UDP);
    }

    String tcpHostPort() {
        return hostPort(TransportKind.TCP);
    }

    String hostPort(TransportKind kind) {
        InetSocketAddress a = address(kind);
        String host = a.getAddress().getHostAddress();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + a.getPort();
    }

    WireClient.Udp udp(String name) {
        return added(name, address(TransportKind.UDP));
    }

    /** A name of the proxy has a port of any transport, so an element at that port would be the proxy itself. */
    private WireClient.Udp added(String name, InetSocketAddress point) {
        WireClient.Udp client = WireClient.udp(name, point, log);
        clients.add(client);
        return isOwnPort(client.port()) ? added(name, point) : client;
    }

    private boolean isOwnPort(int port) {
        return proxy.boundEndpoints().stream().anyMatch(endpoint -> endpoint.port() == port);
    }

    /** Returns a UDP element that talks to the n-th UDP listening point, counted from 0. */
    WireClient.Udp udpAt(int n, String name) {
        return added(name, udpPoint(n));
    }

    /** Returns the address of the n-th UDP listening point, counted from 0. */
    InetSocketAddress udpPoint(int n) {
        Endpoint endpoint = proxy.boundEndpoints().stream()
                .filter(e -> e.kind() == TransportKind.UDP)
                .toList()
                .get(n);
        return new InetSocketAddress(endpoint.host(), endpoint.port());
    }

    WireClient.Tcp tcp(String name) {
        WireClient.Tcp client = WireClient.tcp(name, address(TransportKind.TCP), log);
        clients.add(client);
        return client;
    }

    WireClient.Tcp tls(String name, SSLContext context) {
        WireClient.Tcp client = WireClient.tls(name, address(TransportKind.TLS), context, log);
        clients.add(client);
        return client;
    }

    /** Returns a WebSocket to the listening point of this kind, WS or WSS. */
    WireClient.Web web(String name, TransportKind kind, HttpClient browser) {
        URI uri = URI.create(kind.lowerCase() + "://" + hostPort(kind) + "/");
        WireClient.Web client = WireClient.web(name, uri, browser, log);
        clients.add(client);
        return client;
    }

    /** Returns a UDP element that is registered under its name. */
    WireClient.Udp registered(String name) {
        WireClient.Udp client = udp(name);
        register(client, name, "");
        return client;
    }

    /** Returns a TCP element that is registered under its name. */
    WireClient.Tcp registeredByTcp(String name) {
        WireClient.Tcp client = tcp(name);
        register(client, name, "");
        return client;
    }

    /** Registers an element for a user, with Contact parameters such as {@code ;q=0.5}. */
    void register(WireClient client, String user, String parameters) {
        registerContact(client, user, "<" + client.contact() + ">" + parameters);
    }

    /** Registers a user at another contact than the element's own. */
    void registerContact(WireClient client, String user, String contact) {
        Request register = client.request("REGISTER", "sip:sip.test")
                .from("<sip:" + user + "@sip.test>;tag=" + WireClient.unique("r"))
                .to("<sip:" + user + "@sip.test>")
                .contact(contact)
                .with("Expires: 300");
        client.send(register);
        client.awaitResponse(register, 200);
    }

    /** Sets how many messages the test lets hold a receiver thread. */
    void mayHoldThreads(long messages) {
        stalledReceivers = messages;
    }

    /**
     * Closes the proxy in the background, because with calls in progress that takes two seconds. LifecycleTest tests
     * it.
     */
    @Override
    public void close() {
        clients.forEach(WireClient::close);
        new Thread(proxy::close, "close-proxy").start();
        if (proxy.statistics().stalledReceivers() > stalledReceivers) {
            throw new AssertionError("a message held its receiver thread; the log has its stack trace");
        }
    }
}
