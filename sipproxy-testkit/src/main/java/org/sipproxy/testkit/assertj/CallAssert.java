package org.sipproxy.testkit.assertj;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.trace.RecordedMessage;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.testkit.Call;

/**
 * Assertions for one side of a call, by the messages on the wire of its phone. Retransmissions are ignored.
 *
 * <p>An assertion that a message is there waits for it, 5 s if {@link #within} sets no other limit. An assertion that a
 * message is not there does not wait: first wait for what comes after it.
 */
public final class CallAssert extends AbstractAssert<CallAssert, Call> {

    private static final Duration POLL = Duration.ofMillis(20);

    private Duration patience = Duration.ofSeconds(5);

    CallAssert(@Nullable Call actual) {
        super(actual, CallAssert.class);
    }

    /** Sets the time limit of the following assertions that wait. Zero does not wait. */
    public CallAssert within(Duration value) {
        patience = value;
        return this;
    }

    /**
     * Verifies that the first INVITE has had exactly these responses, in this order: for an outgoing call those that
     * the phone received, for an incoming call those that it sent. 100 (Trying), which not every server sends, counts
     * only if it is among {@code statuses}.
     */
    public CallAssert hasStatuses(int... statuses) {
        isNotNull();
        List<Integer> expected = Arrays.stream(statuses).boxed().toList();
        if (!awaits(() -> shown(expected).equals(expected))) {
            throw failure("Expected the responses " + expected + " to the INVITE, but there are " + shown(expected));
        }
        return this;
    }

    private List<Integer> shown(List<Integer> expected) {
        List<RecordedMessage> messages = actual.messages();
        Optional<Long> invite = messages.stream()
                .flatMap(message -> message.request().stream())
                .filter(request -> request.method().equals(Method.INVITE))
                .map(CallAssert::cseq)
                .findFirst();
        return messages.stream()
                .flatMap(message -> message.response().stream())
                .filter(response -> isOf(response, invite))
                .map(SipResponse::statusCode)
                .filter(status -> status != 100 || expected.contains(status))
                .toList();
    }

    private static boolean isOf(SipResponse response, Optional<Long> invite) {
        try {
            return response.cseq().method().equals(Method.INVITE)
                    && invite.equals(Optional.of(response.cseq().number()));
        } catch (SipParseException e) {
            return false;
        }
    }

    private static long cseq(SipRequest request) {
        try {
            return request.cseq().number();
        } catch (SipParseException e) {
            return -1;
        }
    }

    /** Verifies that the phone has sent or received a request with this method in the call. */
    public CallAssert containsRequest(Method method) {
        isNotNull();
        if (!awaits(() -> has(method))) {
            throw failure("Expected " + method + " in the call, but it was not sent");
        }
        return this;
    }

    /** Verifies that the phone has neither sent nor received a request with this method in the call until now. */
    public CallAssert doesNotContainRequest(Method method) {
        isNotNull();
        if (has(method)) {
            throw failure("Expected no " + method + " in the call, but it was sent");
        }
        return this;
    }

    private boolean has(Method method) {
        return actual.messages().stream()
                .anyMatch(message -> message.request()
                        .map(SipRequest::method)
                        .filter(method::equals)
                        .isPresent());
    }

    /** Verifies that either side has hung up, or that the INVITE was refused. */
    public CallAssert isOver() {
        isNotNull();
        if (!awaits(actual::isOver)) {
            throw failure("Expected the call to be over, but no BYE and no refusal was sent");
        }
        return this;
    }

    /** Verifies that neither side has hung up until now, and that the INVITE was not refused. */
    public CallAssert isNotOver() {
        isNotNull();
        if (actual.isOver()) {
            throw failure("Expected the call not to be over");
        }
        return this;
    }

    /** Returns assertions for the INVITE that began the call. */
    public SipMessageAssert invite() {
        isNotNull();
        return actual.messages().stream()
                .flatMap(message -> message.request().stream())
                .filter(request -> request.method().equals(Method.INVITE))
                .findFirst()
                .map(invite -> new SipMessageAssert(invite, "\n" + actual.ladder()).as("INVITE"))
                .orElseThrow(() -> failure("Expected an INVITE, but it was not sent"));
    }

    /** Waits for a message that satisfies the condition, or, because the end of a call is not a message, polls it. */
    private boolean awaits(BooleanSupplier condition) {
        long limit = System.nanoTime() + patience.toNanos();
        Duration step = patience.compareTo(POLL) < 0 ? patience : POLL;
        while (!actual.ladder().await(recorded -> condition.getAsBoolean(), step)) {
            if (System.nanoTime() - limit >= 0) {
                return false;
            }
        }
        return true;
    }

    private AssertionError failure(String what) {
        return failure("%s%n%s", what, actual.ladder());
    }
}
