package org.sipproxy.api.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.message.SipUri;

class TargetTest {

    private static final SipUri BOB = SipUri.of("sip:bob@sip.test");

    @Test
    void hopsAreLooseRouters() {
        Target target = Target.through(
                BOB, SipUri.of("sip:proxy.test;transport=tcp"), SipUri.of("sip:192.0.2.1;lr;transport=udp"));

        assertThat(target.uri()).isEqualTo(BOB);
        assertThat(target.routes())
                .extracting(SipUri::toString)
                .containsExactly("sip:proxy.test;transport=tcp;lr", "sip:192.0.2.1;lr;transport=udp");
    }

    @Test
    void hopsThatCannotBeRoutesAreRefused() {
        assertThatThrownBy(() -> Target.through(BOB)).hasMessageContaining("hops: empty");
        assertThatThrownBy(() -> Target.through(BOB, SipUri.of("tel:+4930123")))
                .hasMessageContaining("hops: tel:+4930123 (expected a sip: or sips: URI");
        assertThatThrownBy(() -> Target.through(BOB, SipUri.of("sip:proxy.test?X=y")))
                .hasMessageContaining("without headers");
    }

    @Test
    void addressBehindANatIsNumeric() {
        assertThat(Target.behindNat(BOB, SipUri.of("sip:192.0.2.1:40000")).received())
                .isEqualTo(SipUri.of("sip:192.0.2.1:40000"));
        assertThatThrownBy(() -> Target.behindNat(BOB, SipUri.of("sip:proxy.test")))
                .hasMessageContaining("received: sip:proxy.test (expected a numeric host; use Target.through");
    }

    @Test
    void textHasWhatIsNotADefault() {
        assertThat(Target.of(BOB)).hasToString("Target[sip:bob@sip.test]");
        assertThat(Target.through(BOB, SipUri.of("sip:proxy.test")).withQ(0.5f))
                .hasToString("Target[sip:bob@sip.test, q 0.5, through [sip:proxy.test;lr]]");
        assertThat(RelayPlan.to(List.of(Target.of(BOB))).toString()).doesNotContain(Long.toString(Target.UNKNOWN));
    }

    @Test
    void qIsChecked() {
        assertThatThrownBy(() -> Target.of(BOB).withQ(1.1f)).hasMessageContaining("q: 1.1 (expected 0 to 1)");
    }
}
