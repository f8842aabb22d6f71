package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.gateway.MemberState;
import org.sipproxy.gateway.MemberStatus;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

@Timeout(60)
class MediaServersTest {

    private final Dispatcher farm = MediaServers.farm("sip:127.0.0.51:5080", "sip:127.0.0.52:5080");

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .user("1001", "test1001")
            .authentication(
                    users -> DigestAuthentication.builder().credentials(users).build())
            .configure(proxy -> MediaServers.addTo(proxy, farm))
            .build();

    private Phone server(String host) {
        return sip.phone(
                "media" + host,
                phone -> phone.local(new InetSocketAddress(host, 5080)).lenient());
    }

    private MemberState state(int member) {
        return farm.status().get(member).state();
    }

    @Test
    void whatIsNotAUserGoesToTheServerWithTheFewestCalls() {
        Phone one = server("127.0.0.51");
        Phone two = server("127.0.0.52");
        Phone caller = sip.registeredPhone("1001");

        OutgoingCall first = caller.call("030-1");
        await().until(() -> farm.status().stream().mapToInt(MemberStatus::calls).sum() == 1);
        int busy = farm.status().get(0).calls() == 1 ? 0 : 1;
        IncomingCall taken = (busy == 0 ? one : two).awaitCall();
        assertThat(taken.invite().toString()).startsWith("INVITE sip:+49301@127.0.0.5");
        taken.answer();
        first.awaitAnswer();

        OutgoingCall second = caller.call("conference");
        (busy == 0 ? two : one).awaitCall().answer();
        second.awaitAnswer().hangUp();
    }

    @Test
    void stoppedServerIsFoundAndComesBack() {
        server("127.0.0.51");
        await().atMost(Duration.ofSeconds(20)).until(() -> state(1) == MemberState.DOWN);
        assertThat(state(0)).isEqualTo(MemberState.ACTIVE);

        server("127.0.0.52");

        await().atMost(Duration.ofSeconds(20)).until(() -> state(1) == MemberState.ACTIVE);
    }

    @Test
    void serverReachesAUserWithoutAPassword() {
        Phone server = server("127.0.0.51");
        Phone user = sip.registeredPhone("1001");

        OutgoingCall call = server.call("1001");
        user.awaitCall().answer();
        call.awaitAnswer().hangUp();
    }
}
