package org.sipproxy.testkit.assertj;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.core.trace.RecordedMessage;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipRequest;

/**
 * Assertions for the messages that a {@link Ladder} has recorded. Retransmissions are ignored. A message is written as
 * in {@link Ladder#arrows()}: {@code alice -> proxy: INVITE}, {@code proxy -> alice: 180 Ringing}.
 *
 * <p>An assertion that a message is there waits for it, 5 s if {@link #within} sets no other limit, because a message
 * may be recorded shortly after a phone has received it. An assertion that a message is not there does not wait: first
 * wait for what comes after it.
 */
public final class LadderAssert extends AbstractAssert<LadderAssert, Ladder> {

    private Duration patience = Duration.ofSeconds(5);

    LadderAssert(@Nullable Ladder actual) {
        super(actual, LadderAssert.class);
    }

    /** Sets the time limit of the following assertions that wait. Zero does not wait. */
    public LadderAssert within(Duration value) {
        patience = value;
        return this;
    }

    /** Verifies that these messages were recorded, in any order. One that is given twice was recorded twice. */
    public LadderAssert contains(String... arrows) {
        isNotNull();
        List<String> missing = actual.awaitMissing(List.of(arrows), patience);
        if (!missing.isEmpty()) {
            throw failure("Expected the messages\n  " + String.join("\n  ", arrows) + "\nbut these are missing:\n  "
                    + String.join("\n  ", missing));
        }
        return this;
    }

    /** Verifies that these messages were recorded in this order; others may stand in between. */
    public LadderAssert containsSubsequence(String... arrows) {
        isNotNull();
        List<String> expected = List.of(arrows);
        if (!actual.await(recorded -> found(expected, recorded) == expected.size(), patience)) {
            int found = found(expected, actual.messages());
            throw failure("Expected the messages in this order\n  " + String.join("\n  ", arrows) + "\nbut \""
                    + expected.get(Math.min(found, expected.size() - 1)) + "\" did not follow");
        }
        return this;
    }

    /** Returns how many of the expected messages, from the first, were recorded in their order. */
    private static int found(List<String> expected, List<RecordedMessage> recorded) {
        int found = 0;
        for (RecordedMessage message : recorded) {
            if (found < expected.size() && message.toString().equals(expected.get(found))) {
                found++;
            }
        }
        return found;
    }

    /** Verifies that none of these messages was recorded until now. */
    public LadderAssert doesNotContain(String... arrows) {
        isNotNull();
        List<String> unwanted = new ArrayList<>(Arrays.asList(arrows));
        unwanted.retainAll(actual.arrows());
        if (!unwanted.isEmpty()) {
            throw failure("Expected none of these messages, but they were sent:\n  " + String.join("\n  ", unwanted));
        }
        return this;
    }

    /** Verifies that a request with this method was received or sent. */
    public LadderAssert containsRequest(Method method) {
        return contains("a request " + method, isRequest(method));
    }

    /**
     * Verifies that a request with this method was received or sent which satisfies the requirements. Its copy before
     * and after the proxy counts as two requests.
     *
     * @param requirements throws an {@link AssertionError} for a request that does not satisfy them
     */
    public LadderAssert containsRequest(Method method, Consumer<? super SipRequest> requirements) {
        isNotNull();
        AssertionError[] last = {null};
        boolean satisfied = actual.await(
                recorded -> recorded.stream()
                        .flatMap(message -> message.request().stream())
                        .filter(request -> request.method().equals(method))
                        .anyMatch(request -> {
                            try {
                                requirements.accept(request);
                                return true;
                            } catch (AssertionError e) {
                                last[0] = e;
                                return false;
                            }
                        }),
                patience);
        if (!satisfied) {
            throw failure("Expected a request " + method + " that satisfies the requirements, but "
                    + (last[0] == null ? "there is none" : "of the last one: " + last[0].getMessage()));
        }
        return this;
    }

    /** Verifies that a response with this status was received or sent. */
    public LadderAssert containsResponse(int status) {
        return contains("a response " + status, isResponse(status));
    }

    /** Verifies that no request with this method was received or sent until now. */
    public LadderAssert doesNotContainRequest(Method method) {
        return doesNotContain("no request " + method, isRequest(method));
    }

    /** Verifies that no response with this status was received or sent until now. */
    public LadderAssert doesNotContainResponse(int status) {
        return doesNotContain("no response " + status, isResponse(status));
    }

    /** Verifies that this message was recorded, and returns assertions for the first one. */
    public SipMessageAssert message(String arrow) {
        contains(arrow);
        RecordedMessage first = actual.messages().stream()
                .filter(message -> message.toString().equals(arrow))
                .findFirst()
                .orElseThrow(() -> failure("\"" + arrow + "\" is not a SIP message"));
        return new SipMessageAssert(first.message(), "\n" + actual).as(arrow);
    }

    private LadderAssert contains(String what, Predicate<RecordedMessage> condition) {
        isNotNull();
        if (!actual.await(recorded -> recorded.stream().anyMatch(condition), patience)) {
            throw failure("Expected " + what + ", but it was not sent");
        }
        return this;
    }

    private LadderAssert doesNotContain(String what, Predicate<RecordedMessage> condition) {
        isNotNull();
        List<String> sent = actual.messages().stream()
                .filter(condition)
                .map(RecordedMessage::toString)
                .toList();
        if (!sent.isEmpty()) {
            throw failure("Expected " + what + ", but these were sent:\n  " + String.join("\n  ", sent));
        }
        return this;
    }

    private static Predicate<RecordedMessage> isRequest(Method method) {
        return message ->
                message.request().map(SipRequest::method).filter(method::equals).isPresent();
    }

    private static Predicate<RecordedMessage> isResponse(int status) {
        return message -> message.response()
                .filter(response -> response.statusCode() == status)
                .isPresent();
    }

    private AssertionError failure(String what) {
        return failure("%s%n%s", what, actual);
    }
}
