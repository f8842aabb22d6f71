package org.sipproxy.hosts.boot;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.spring.test.SipPhones;
import org.sipproxy.spring.test.SpringSipTest;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringBootVersion;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** All transports with the Netty that Spring Boot manages. */
@SpringSipTest(properties = "sipproxy.listen=udp:0.0.0.0:0,tcp:0.0.0.0:0,tls:0.0.0.0:0,ws:0.0.0.0:0,wss:0.0.0.0:0")
class TransportsTest {

    private static final TestCertificate CERTIFICATE = TestCertificate.of("dns:sip.test", "ip:127.0.0.1");

    @Autowired
    SipPhones phones;

    @DynamicPropertySource
    static void certificate(DynamicPropertyRegistry properties) {
        properties.add("sipproxy.tls.bundle", () -> "sip");
        properties.add("spring.ssl.bundle.pem.sip.keystore.certificate", () -> CERTIFICATE.chain().toString());
        properties.add("spring.ssl.bundle.pem.sip.keystore.private-key", () -> CERTIFICATE.key().toString());
    }

    @Test
    void theNettyIsTheOneThatSpringBootManages() {
        boolean isNetty42;
        try {
            Class.forName("io.netty.channel.MultiThreadIoEventLoopGroup");
            isNetty42 = true;
        } catch (ClassNotFoundException e) {
            isNetty42 = false;
        }
        assertThat(isNetty42)
                .as("a class of Netty 4.2 with Boot " + SpringBootVersion.getVersion())
                .isEqualTo(!SpringBootVersion.getVersion().startsWith("3."));
    }

    @ParameterizedTest
    @EnumSource
    void aPhoneRegistersAndIsCalledOver(TransportKind transport) {
        Phone callee = phones.registered(
                "1001", phone -> phone.transport(transport).tls(CERTIFICATE.context(CERTIFICATE)));

        OutgoingCall calling = phones.phone("1002").call("1001");
        callee.awaitCall().ring().answer();
        calling.awaitAnswer().hangUp();

        callee.unregister();
    }

    @Test
    void aNextHopWithANameIsLookedUp() {
        try (Phone callee = Phone.builder("1001")
                .password("test1234")
                .proxy(phones.address(TransportKind.UDP))
                .open()) {
            int port = callee.localAddress().getPort();
            callee.tryRegister(
                    Phone.DEFAULT_EXPIRES, parts -> parts.header("Contact", "<sip:1001@localhost:" + port + ">"));

            assertThat(phones.phone("1002").message("1001", "by name").statusCode())
                    .as("the phone itself refuses a URI that is not its Contact")
                    .isEqualTo(404);
            assertThat(callee.complaints()).singleElement().asString().contains("localhost");
        }
    }
}
