package org.sipproxy.samples;

import static org.sipproxy.testkit.assertj.SipAssertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.testkit.ConfigureSipProxy;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;
import org.sipproxy.testkit.SipProxyTest;
import org.sipproxy.testkit.SipUser;

/** Test of a host application's stage, as shown in the README. */
@Timeout(60)
@SipProxyTest
class CustomStageTest {

    @ConfigureSipProxy
    void addStage(SipProxyExtension.Builder sip) {
        sip.configure(proxy -> proxy.beforeRouting(new CustomStage("0900")));
    }

    @Test
    void callerWithTheBlockedPrefixIsDeclinedAndTheCalleeGetsNoInvite(
            @SipUser("0900123") Phone caller, @SipUser("1001") Phone callee, Ladder ladder) {
        caller.call("1001").awaitStatus(603);

        assertThat(ladder).doesNotContain("proxy -> 1001: INVITE");
    }

    @Test
    void anyOtherCallIsForwardedWithTheHeaderAdded(
            @SipUser("1002") Phone caller, @SipUser("1001") Phone callee, Ladder ladder) {
        OutgoingCall call = caller.call("1001");
        callee.awaitCall().ring().answer();
        call.awaitAnswer().hangUp();

        assertThat(ladder).message("proxy -> 1001: INVITE").hasHeader("X-Screened", "caller=1002");
    }
}
