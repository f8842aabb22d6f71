package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.testkit.Phone;

@Timeout(120)
class FirstRegistrationTest {

    private final List<String> lines = new CopyOnWriteArrayList<>();

    @Test
    void aRegistrationIsAChallengeAndASecondRequest() {
        try (SipProxy proxy = FirstRegistration.create(Endpoint.udp("127.0.0.1", 0), lines::add)) {
            proxy.start();
            try (Phone phone = Phone.builder("1001")
                    .domain("sip.test")
                    .password("test1234")
                    .proxy(new InetSocketAddress(
                            "127.0.0.1", proxy.boundEndpoints().get(0).port()))
                    .open()) {
                phone.register();

                await().untilAsserted(() -> assertThat(lines).contains("ADDED sip:1001@sip.test " + phone.contact()));
            }
        }

        assertThat(lines)
                .filteredOn(line -> !line.startsWith("ADDED"))
                .startsWith("--> REGISTER", "<-- 401 Unauthorized", "--> REGISTER", "<-- 200 OK");
    }
}
