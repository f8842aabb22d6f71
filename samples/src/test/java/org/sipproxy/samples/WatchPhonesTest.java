package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

@Timeout(60)
class WatchPhonesTest {

    private final List<String> log = new CopyOnWriteArrayList<>();

    @Test
    void registrationCallAndRefusalAreLines() {
        InMemoryCredentials users = InMemoryCredentials.of(
                Credential.ofPassword("1001", "sip.test", "test1001"),
                Credential.ofPassword("1002", "sip.test", "test1002"));
        try (SipProxy proxy = WatchPhones.create(Endpoint.udp("127.0.0.1", 0), users, log::add)) {
            proxy.start();
            try (Phone caller = phone(proxy, "1001", "test1001");
                    Phone callee = phone(proxy, "1002", "test1002");
                    Phone stranger = phone(proxy, "1002", "guess")) {
                caller.register();
                callee.register();
                OutgoingCall call = caller.call("1002");
                callee.awaitCall().answer();
                call.awaitAnswer();
                call.hangUp();
                stranger.tryRegister(Phone.DEFAULT_EXPIRES, request -> {});

                await().untilAsserted(() -> assertThat(log)
                        .contains(
                                "sip:1001@sip.test is registered at " + caller.contact(),
                                "call from sip:1001@sip.test to sip:1002@sip.test: ANSWERED",
                                "call from sip:1001@sip.test to sip:1002@sip.test: ENDED")
                        .anyMatch(line -> line.startsWith("refused AuthenticationFailed")));
            }
        }
    }

    private static Phone phone(SipProxy proxy, String user, String password) {
        return Phone.builder(user)
                .domain("sip.test")
                .password(password)
                .proxy(new InetSocketAddress(
                        InetAddress.getLoopbackAddress(),
                        proxy.boundEndpoints().get(0).port()))
                .open();
    }
}
