package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.Method;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.SipProxy;
import org.sipproxy.samples.phone.Account;
import org.sipproxy.samples.phone.PhoneException;
import org.sipproxy.samples.phone.RiPhone;

@Timeout(60)
class CustomStageTest {

    private final List<SipRequest> invitesSent = new CopyOnWriteArrayList<>();
    private SipProxy proxy;

    @BeforeEach
    void startProxy() throws Exception {
        proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .beforeRouting(new CustomStage("0900"))
                .wireListener(new SentInvites())
                .build();
        proxy.start();
    }

    @AfterEach
    void closeProxy() {
        proxy.close();
    }

    @Test
    void aCallerWithTheBlockedPrefixIsDeclinedAndTheCalleeNeverHearsOfIt() throws Exception {
        try (RiPhone callee = phone("1001");
                RiPhone caller = phone("0900123")) {
            callee.register(Duration.ofHours(1));

            assertThatThrownBy(() -> caller.call("1001"))
                    .isInstanceOf(PhoneException.class)
                    .hasMessageContaining("603 Caller Not Welcome");
        }
        assertThat(invitesSent).isEmpty();
    }

    @Test
    void anyOtherCallerGetsThroughWithTheHeaderAdded() throws Exception {
        try (RiPhone callee = phone("1001");
                RiPhone caller = phone("1002")) {
            callee.register(Duration.ofHours(1));

            caller.call("1001").hangUp();
        }
        assertThat(invitesSent)
                .allSatisfy(invite ->
                        assertThat(invite.header(HeaderName.of("X-Screened"))).hasValue("caller=1002"))
                .isNotEmpty();
    }

    private RiPhone phone(String user) throws Exception {
        Endpoint endpoint = proxy.boundEndpoints().get(0);
        InetAddress host = InetAddress.getLoopbackAddress();
        return RiPhone.open(
                new Account(user, "", "sip.test"),
                host,
                new InetSocketAddress(host, endpoint.port()),
                Duration.ZERO,
                Duration.ofSeconds(10));
    }

    private final class SentInvites implements WireListener {
        @Override
        public void received(SipMessage message, Flow from) {}

        @Override
        public void sent(SipMessage message, Flow to) {
            if (message instanceof SipRequest request && request.method().equals(Method.INVITE)) {
                invitesSent.add(request);
            }
        }
    }
}
