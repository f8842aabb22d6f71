package org.sipproxy.testkit.assertj;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.message.SipMessage;
import org.sipproxy.testkit.Call;

/**
 * Entry point of the assertions. Import its methods statically, next to those of AssertJ:
 *
 * <pre>{@code
 * assertThat(call).hasStatuses(100, 180, 200);
 * assertThat(sip.ladder())
 *     .containsSubsequence("alice -> proxy: INVITE", "proxy -> bob: INVITE")
 *     .doesNotContainRequest(Method.CANCEL)
 *     .message("proxy -> bob: INVITE")
 *     .hasHeader("X-Screened", "caller=alice");
 * }</pre>
 *
 * <p>Each failure draws the ladder.
 */
public final class SipAssertions {

    private SipAssertions() {}

    /** Returns assertions for the messages on the wire of a proxy or phone. */
    public static LadderAssert assertThat(@Nullable Ladder actual) {
        return new LadderAssert(actual);
    }

    /** Returns assertions for a call. */
    public static CallAssert assertThat(@Nullable Call actual) {
        return new CallAssert(actual);
    }

    /** Returns assertions for a message. */
    public static SipMessageAssert assertThat(@Nullable SipMessage actual) {
        return new SipMessageAssert(actual, "");
    }
}
