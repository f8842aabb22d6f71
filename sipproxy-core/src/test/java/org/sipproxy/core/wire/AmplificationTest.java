package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.sipproxy.core.options.ContactPolicy;

/** Amplification by accounts of two proxies that name each other (RFC 5393 §3). */
class AmplificationTest {

    private static void register(
            ProxyUnderTest proxy, String user, ProxyUnderTest other, String otherUser, int contacts) {
        WireClient.Udp client = proxy.udp(user);
        for (int i = 0; i < contacts; i++) {
            Request register = client.request("REGISTER", "sip:sip.test")
                    .from("<sip:" + user + "@sip.test>;tag=" + WireClient.unique("r"))
                    .to("<sip:" + user + "@sip.test>")
                    .contact("<sip:" + otherUser + "@" + other.udpHostPort() + ";x=" + i + ">")
                    .with("Expires: 300");
            client.send(register);
            client.awaitResponse(register, 200);
        }
    }

    @Test
    void messageBetweenAccountsThatNameEachOtherIsBounded() {
        try (ProxyUnderTest a = ProxyUnderTest.start(b -> b.contacts(ContactPolicy.ANYWHERE));
                ProxyUnderTest b = ProxyUnderTest.start(p -> p.contacts(ContactPolicy.ANYWHERE))) {
            register(a, "u", b, "v", 4);
            register(b, "v", a, "u", 4);
            WireClient.Udp mallory = a.udp("mallory");
            long before =
                    a.proxy().statistics().requests() + b.proxy().statistics().requests();

            Request message = mallory.request("MESSAGE", "sip:u@sip.test");
            mallory.send(message);

            assertThat(mallory.awaitFinal(message).status()).isIn(440, 482);
            long requests =
                    a.proxy().statistics().requests() + b.proxy().statistics().requests() - before;
            assertThat(requests).as("requests that result from one message").isLessThan(200);
        }
    }
}
