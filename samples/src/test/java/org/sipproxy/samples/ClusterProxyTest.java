package org.sipproxy.samples;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.BindFailedException;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

@Timeout(120)
class ClusterProxyTest {

    private static final String HOST = "127.0.0.1";

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.empty();

    private static SipProxy start(String name) throws IOException {
        while (true) {
            try {
                return start(name, freePort());
            } catch (BindFailedException e) {
                // the port is that of another program by now
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
            return free.getLocalPort();
        }
    }

    private static SipProxy start(String name, int port) {
        SipProxy proxy =
                ClusterProxy.create(postgres.dataSource(), name, Endpoint.udp(HOST, 0), Endpoint.tcp(HOST, port));
        proxy.start();
        return proxy;
    }

    private static Phone phone(String user, SipProxy proxy, TransportKind kind) {
        int port = proxy.boundEndpoints().stream()
                .filter(endpoint -> endpoint.kind() == kind)
                .findFirst()
                .orElseThrow()
                .port();
        return Phone.builder(user)
                .domain("sip.test")
                .password("test1234")
                .transport(kind)
                .proxy(new InetSocketAddress(HOST, port))
                .open();
    }

    @Test
    void aPhoneIsCalledFromTheOtherServer() throws IOException {
        try (SipProxy one = start("one");
                SipProxy two = start("two")) {
            Subscribers.in(postgres.dataSource()).add("1001", "sip.test", "test1234");
            Subscribers.in(postgres.dataSource()).add("1002", "sip.test", "test1234");
            try (Phone callee = phone("1001", one, TransportKind.TCP);
                    Phone caller = phone("1002", two, TransportKind.UDP)) {
                callee.register();
                OutgoingCall outgoing = caller.call("sip:1001@sip.test");
                IncomingCall incoming = callee.awaitCall().answer();
                outgoing.awaitAnswer();
                incoming.awaitAck();
                incoming.hangUp();
                outgoing.awaitHangUp();
            }
        }
    }
}
