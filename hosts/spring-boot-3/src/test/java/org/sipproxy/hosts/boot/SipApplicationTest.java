package org.sipproxy.hosts.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

@SpringBootTest(properties = "sip.transports=UDP,TCP,TLS,WS,WSS")
class SipApplicationTest {

    private static final TestCertificate CERTIFICATE = TestCertificate.of("dns:sip.test", "ip:127.0.0.1");

    @Autowired
    SipProxy proxy;

    @DynamicPropertySource
    static void certificate(DynamicPropertyRegistry properties) {
        properties.add("sip.certificate", () -> CERTIFICATE.chain().toString());
        properties.add("sip.key", () -> CERTIFICATE.key().toString());
    }

    @Test
    void theNettyIsTheOneThatSpringBootManages() {
        assertThatThrownBy(() -> Class.forName("io.netty.channel.MultiThreadIoEventLoopGroup"))
                .as("a class of Netty 4.2")
                .isInstanceOf(ClassNotFoundException.class);
    }

    @ParameterizedTest
    @EnumSource
    void aPhoneRegistersAndIsCalledOver(TransportKind transport) {
        try (Phone callee = phone("1001", transport);
                Phone caller = phone("1002", TransportKind.UDP)) {
            callee.register();

            OutgoingCall calling = caller.call("1001");
            callee.awaitCall().ring().answer();
            calling.awaitAnswer().hangUp();

            callee.unregister();
        }
    }

    @Test
    void aNextHopWithANameIsLookedUp() {
        try (Phone callee = phone("1001", TransportKind.UDP);
                Phone caller = phone("1002", TransportKind.UDP)) {
            int port = callee.localAddress().getPort();
            callee.tryRegister(
                    Phone.DEFAULT_EXPIRES, parts -> parts.header("Contact", "<sip:1001@localhost:" + port + ">"));

            assertThat(caller.message("1001", "by name").statusCode())
                    .as("the phone itself refuses a URI that is not its Contact")
                    .isEqualTo(404);
            assertThat(callee.complaints()).singleElement().asString().contains("localhost");
        }
    }

    private Phone phone(String user, TransportKind transport) {
        return Phone.builder(user)
                .password("test1234")
                .transport(transport)
                .tls(CERTIFICATE.context(CERTIFICATE))
                .proxy(address(transport))
                .open();
    }

    private InetSocketAddress address(TransportKind transport) {
        Endpoint endpoint = proxy.boundEndpoints().stream()
                .filter(bound -> bound.kind() == transport)
                .findFirst()
                .orElseThrow();
        return new InetSocketAddress(endpoint.host(), endpoint.port());
    }
}
