package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeStageContext;

class CallCounterTest {

    private static final Instant START = FakeStageContext.START;

    private final CallCounter counter = new CallCounter(Duration.ofHours(2), 100);
    private final Member one = member("sip:192.0.2.1");
    private final Member two = member("sip:192.0.2.2");

    private static Member member(String uri) {
        return new Member(
                GatewaySet.named("s").build(),
                Gateway.builder("s", SipUri.of(uri)).build(),
                false);
    }

    private static SipRequest request(String method, String callId, String fromTag, String toTag) {
        return FakeStageContext.of(
                        """
                        %s sip:100@example.org SIP/2.0
                        Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1
                        Max-Forwards: 70
                        From: <sip:a@example.org>;tag=%s
                        To: <sip:b@example.org>%s
                        Call-ID: %s
                        CSeq: 1 %s
                        Content-Length: 0
                        """.formatted(method, fromTag, toTag.isEmpty() ? "" : ";tag=" + toTag, callId, method))
                .request();
    }

    private static SipRequest invite(String callId) {
        return request("INVITE", callId, "from", "");
    }

    private void accepted(String callId, Member member, Instant at) throws SipParseException {
        counter.sent(invite(callId), member, at);
        counter.completed(invite(callId), 200, "to", at);
    }

    @Test
    void callCountsFromItsInviteToItsBye() throws SipParseException {
        counter.sent(invite("1"), one, START);
        assertThat(one.calls).hasValue(1);
        assertThat(counter.completed(invite("1"), 200, "to", START)).isSameAs(one);
        assertThat(one.calls).hasValue(1);

        counter.ended(request("BYE", "1", "from", "to"));
        assertThat(one.calls).hasValue(0);
        counter.ended(request("BYE", "1", "from", "to"));
        assertThat(one.calls).hasValue(0);
    }

    @Test
    void byeOfTheCalleeEndsTheCallToo() throws SipParseException {
        accepted("1", one, START);

        counter.ended(request("BYE", "1", "to", "from"));

        assertThat(one.calls).hasValue(0);
    }

    @Test
    void byeWithOtherTagsDoesNotEndTheCall() throws SipParseException {
        accepted("1", one, START);

        counter.ended(request("BYE", "1", "from", "guessed"));
        counter.ended(request("BYE", "2", "from", "to"));

        assertThat(one.calls).hasValue(1);
    }

    @Test
    void failoverMovesTheCallAndAFailureEndsIt() throws SipParseException {
        counter.sent(invite("1"), one, START);
        counter.sent(invite("1"), two, START);
        assertThat(one.calls).hasValue(0);
        assertThat(two.calls).hasValue(1);

        assertThat(counter.completed(invite("1"), 486, "to", START)).isSameAs(two);
        assertThat(two.calls).hasValue(0);
        assertThat(counter.completed(invite("1"), 486, "to", START)).isNull();
    }

    @Test
    void otherRequestsAreRememberedButNotCounted() throws SipParseException {
        SipRequest message = request("MESSAGE", "1", "from", "");
        counter.sent(message, one, START);
        assertThat(one.calls).hasValue(0);

        assertThat(counter.completed(message, 200, "to", START)).isSameAs(one);
        assertThat(one.calls).hasValue(0);
    }

    @Test
    void callWithoutByeExpires() throws SipParseException {
        accepted("1", one, START);
        accepted("2", one, START.plusSeconds(3_600));
        counter.sent(invite("3"), one, START);

        counter.expire(START.plusSeconds(7_200));
        assertThat(one.calls).hasValue(1);
        counter.expire(START.plusSeconds(10_800));
        assertThat(one.calls).hasValue(0);
    }

    @Test
    void oldestCallIsNotCountedBeyondTheLimit() throws SipParseException {
        for (int i = 0; i < 150; i++) {
            accepted("c" + i, one, START);
        }
        assertThat(one.calls).hasValue(100);

        counter.ended(request("BYE", "c0", "from", "to"));
        assertThat(one.calls).hasValue(100);
        counter.ended(request("BYE", "c149", "from", "to"));
        assertThat(one.calls).hasValue(99);
    }
}
