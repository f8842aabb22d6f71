package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

@Timeout(60)
class ClickToDialTest {

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .user("1001", "test1001")
            .user("1002", "test1002")
            .authentication(
                    users -> DigestAuthentication.builder().credentials(users).build())
            .build();

    private ThirdPartyCall connect() {
        return ClickToDial.connect(sip.proxy().requests(), "1001", "1002");
    }

    private static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Test
    void bothUsersAreConnectedAndOneHangsUp() {
        Phone caller = sip.registeredPhone("1001");
        Phone callee = sip.registeredPhone("1002");

        ThirdPartyCall call = connect();
        IncomingCall first = caller.awaitCall().ring().answer(offer -> offer.body("application/sdp", "v=0\r\n"));
        IncomingCall second = callee.awaitCall().ring().answer(answer -> answer.body("application/sdp", "v=0\r\n"));
        second.awaitAck();
        first.awaitAck();
        assertThat(get(call.connected())).isTrue();
        second.hangUp();
        first.awaitHangUp();

        assertThat(get(call.ended())).isEqualTo(new CallEnd(CallEnd.Side.CALLEE, CallEnd.Reason.BYE, 0, ""));
    }

    @Test
    void firstUserIsHungUpIfTheSecondIsBusy() {
        Phone caller = sip.registeredPhone("1001");
        Phone callee = sip.registeredPhone("1002");

        ThirdPartyCall call = connect();
        IncomingCall first = caller.awaitCall().answer(offer -> offer.body("application/sdp", "v=0\r\n"));
        callee.awaitCall().busy();
        first.awaitHangUp();

        assertThat(get(call.connected())).isFalse();
        assertThat(get(call.ended()).reason()).isEqualTo(CallEnd.Reason.BUSY);
    }
}
