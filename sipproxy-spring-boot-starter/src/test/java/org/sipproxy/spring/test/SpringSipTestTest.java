package org.sipproxy.spring.test;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.spring.SipProxyAutoConfiguration;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.annotation.Configuration;

@SpringSipTest(
        classes = SpringSipTestTest.Application.class,
        properties = {
            "sipproxy.listen=udp:0.0.0.0:5060 advertise 203.0.113.9,tcp:0.0.0.0:5060",
            "sipproxy.domain=sip.test",
            "sipproxy.subscriber=1001:test1234,1002:test1234"
        })
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SpringSipTestTest {

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration(SipProxyAutoConfiguration.class) // not those of Boot 4 on this class path
    static class Application {}

    @Autowired
    SipProxy proxy;

    @Autowired
    SipPhones phones;

    @Test
    @Order(1)
    void phonesOfSubscribersCallEachOther() {
        Phone callee = phones.registered("1001");
        OutgoingCall call = phones.phone("1002", phone -> phone.transport(TransportKind.TCP))
                .call("1001");
        callee.awaitCall().ring().answer();
        call.awaitAnswer().hangUp();

        assertThat(phones.bindings("1001")).hasSize(1);
        assertThat(phones.ladder().toString()).contains("1001", "1002", "INVITE", "BYE");
    }

    @Test
    @Order(2)
    void theNextTestFindsNoBindingAndNoMessage() {
        assertThat(phones.bindings("1001")).isEmpty();
        assertThat(phones.ladder().arrows()).isEmpty();
    }

    @Test
    @Order(3)
    void theListeningPointsAreFreePortsOfTheLoopbackAddress() {
        assertThat(proxy.boundEndpoints()).hasSize(2).allSatisfy(point -> {
            assertThat(point.host()).isEqualTo("127.0.0.1");
            assertThat(point.port()).isNotEqualTo(5060);
            assertThat(point.advertisedHost()).isEmpty();
        });
        assertThat(phones.domain()).isEqualTo("sip.test");
        assertThat(phones.address(TransportKind.TCP).getPort()).isPositive();
    }
}
