package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.message.HeaderName;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

/** Test of a host application's stage, as shown in the README. */
@Timeout(60)
class CustomStageTest {

    @RegisterExtension
    final SipProxyExtension sip;

    CustomStageTest() {
        CustomStage stage = new CustomStage("0900");
        sip = SipProxyExtension.builder()
                .configure(proxy -> proxy.beforeRouting(stage))
                .build();
    }

    @Test
    void callerWithTheBlockedPrefixIsDeclinedAndTheCalleeGetsNoInvite() {
        sip.registeredPhone("1001");

        sip.phone("0900123").call("1001").awaitStatus(603);

        assertThat(sip.ladder().arrows()).doesNotContain("proxy -> 1001: INVITE");
    }

    @Test
    void anyOtherCallIsForwardedWithTheHeaderAdded() {
        Phone callee = sip.registeredPhone("1001");

        OutgoingCall calling = sip.phone("1002").call("1001");
        IncomingCall called = callee.awaitCall().ring().answer();
        calling.awaitAnswer().hangUp();

        assertThat(called.invite().header(HeaderName.of("X-Screened"))).hasValue("caller=1002");
        called.awaitHangUp();
    }
}
