package org.sipproxy.server.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sipproxy.security.CidrBlock;

class TraceMatcherTest {

    private static TraceMatcher of(String user, String callId, String source, boolean keepalives) {
        return new TraceMatcher(new TraceFilter(
                Optional.of(user).filter(text -> !text.isEmpty()),
                Optional.of(callId).filter(text -> !text.isEmpty()),
                Optional.of(source).filter(text -> !text.isEmpty()).map(CidrBlock::parse),
                keepalives));
    }

    private static boolean accepts(TraceMatcher matcher, String ip, String text) {
        return matcher.accepts(Traced.wire(ip, text));
    }

    @Test
    void userIsFoundInFromToAndRequestUri() {
        String text = Traced.options("c1").replace("OPTIONS sip:1001@", "OPTIONS sip:1003@");

        assertThat(accepts(of("1001", "", "", false), "192.0.2.7", text)).isTrue();
        assertThat(accepts(of("1002", "", "", false), "192.0.2.7", text)).isTrue();
        assertThat(accepts(of("1003", "", "", false), "192.0.2.7", text)).isTrue();
        assertThat(accepts(of("1001@SIP.test", "", "", false), "192.0.2.7", text))
                .isTrue();
        assertThat(accepts(of("1001@other.test", "", "", false), "192.0.2.7", text))
                .isFalse();
        assertThat(accepts(of("100", "", "", false), "192.0.2.7", text)).isFalse();
    }

    @Test
    void callOfASelectedMessageIsFollowedOnAllBranches() {
        TraceMatcher matcher = of("", "", "192.0.2.0/28", false);

        assertThat(accepts(matcher, "203.0.113.9", Traced.options("c1"))).isFalse();
        assertThat(accepts(matcher, "192.0.2.7", Traced.options("c1"))).isTrue();
        assertThat(accepts(matcher, "203.0.113.9", Traced.options("c1"))).isTrue();
        assertThat(accepts(matcher, "203.0.113.9", Traced.options("c2"))).isFalse();
    }

    @Test
    void allCriteriaAreMet() {
        TraceMatcher matcher = of("1001", "c1", "192.0.2.7", false);

        assertThat(accepts(matcher, "192.0.2.8", Traced.options("c1"))).isFalse();
        assertThat(accepts(matcher, "192.0.2.7", Traced.options("c2"))).isFalse();
        assertThat(accepts(matcher, "192.0.2.7", Traced.options("c1"))).isTrue();
    }

    @Test
    void keepalivesAreSelectedOnRequestAndUnreadableMessagesBySource() {
        assertThat(accepts(of("", "", "", false), "192.0.2.7", "\r\n\r\n")).isFalse();
        assertThat(accepts(of("", "", "", true), "192.0.2.7", "\r\n\r\n")).isTrue();
        assertThat(accepts(of("", "", "192.0.2.8", true), "192.0.2.7", "\r\n\r\n"))
                .isFalse();
        assertThat(accepts(of("1001", "", "", true), "192.0.2.7", "\r\n\r\n")).isFalse();
        assertThat(accepts(of("", "", "192.0.2.7", false), "192.0.2.7", "garbage"))
                .isTrue();
        assertThat(accepts(of("1001", "", "", false), "192.0.2.7", "garbage")).isFalse();
    }
}
