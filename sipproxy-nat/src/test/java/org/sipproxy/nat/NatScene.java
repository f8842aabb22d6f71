package org.sipproxy.nat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;

/** A proxy for sip.test on loopback, UDP and TCP, with NAT traversal, and phones that are or are not behind a NAT. */
final class NatScene implements AutoCloseable {

    final NatTraversal nat;
    final SipProxy proxy;
    private final List<AutoCloseable> opened = new ArrayList<>();

    NatScene(NatTraversal nat) {
        this(nat, builder -> {});
    }

    NatScene(NatTraversal nat, Consumer<SipProxyBuilder> more) {
        this.nat = nat;
        SipProxyBuilder builder = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .listen(Endpoint.tcp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .component(nat)
                .eventLoops(1);
        more.accept(builder);
        this.proxy = builder.build();
        proxy.start();
    }

    InetSocketAddress address(TransportKind kind) {
        Endpoint endpoint = proxy.boundEndpoints().stream()
                .filter(e -> e.kind() == kind)
                .findFirst()
                .orElseThrow();
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.port());
    }

    InetSocketAddress udp() {
        return address(TransportKind.UDP);
    }

    /** A phone whose datagrams go to {@code via}: the proxy, or a NAT's inside. */
    TestPhone phone(String user, InetSocketAddress via, String claimed) {
        TestPhone phone = TestPhone.udp(user, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), via, claimed);
        opened.add(phone);
        return phone;
    }

    TestPhone tcpPhone(String user, String claimed) {
        TestPhone phone = TestPhone.tcp(user, address(TransportKind.TCP), claimed);
        opened.add(phone);
        return phone;
    }

    private static void close(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    <T extends AutoCloseable> T closing(T resource) {
        opened.add(resource);
        return resource;
    }

    List<Binding> bindings(String user) {
        return proxy.locationStore().lookup(new Aor(user, "sip.test"));
    }

    @Override
    public void close() {
        opened.forEach(NatScene::close);
        new Thread(proxy::close, "close-proxy").start(); // with calls in flight it waits for two seconds
    }
}
