package org.sipproxy.testkit.assertj;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.trace.MessageText;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/** Assertions for one message. Failures show the message, and the ladder that it is from. */
public final class SipMessageAssert extends AbstractAssert<SipMessageAssert, SipMessage> {

    /** Text after a failure: an empty text, or a line end and the drawing. */
    private final String drawing;

    SipMessageAssert(@Nullable SipMessage actual, String drawing) {
        super(actual, SipMessageAssert.class);
        this.drawing = drawing;
    }

    /** Verifies that the message is a request with this method. */
    public SipMessageAssert isRequest(Method method) {
        isNotNull();
        if (!(actual instanceof SipRequest request) || !request.method().equals(method)) {
            throw failure("Expected a request " + method + ", but it is " + MessageText.label(actual));
        }
        return this;
    }

    /** Verifies that the message is a response with this status. */
    public SipMessageAssert isResponse(int status) {
        isNotNull();
        if (!(actual instanceof SipResponse response) || response.statusCode() != status) {
            throw failure("Expected a response " + status + ", but it is " + MessageText.label(actual));
        }
        return this;
    }

    /** Verifies the text of the Request-URI. A response fails. */
    public SipMessageAssert hasRequestUri(String uri) {
        isNotNull();
        String actualUri = requestUri();
        if (!actualUri.equals(uri)) {
            throw failure("Expected the Request-URI " + uri + ", but it is " + actualUri);
        }
        return this;
    }

    private String requestUri() {
        try {
            return actual instanceof SipRequest request ? request.requestUri().toString() : "missing, in a response";
        } catch (SipParseException e) {
            return "malformed: " + e.getMessage();
        }
    }

    /** Verifies that there is a header line with this name. */
    public SipMessageAssert hasHeader(String name) {
        isNotNull();
        if (!actual.hasHeader(HeaderName.of(name))) {
            throw failure("Expected a header " + name + ", but there is none");
        }
        return this;
    }

    /** Verifies that the header lines with this name have these values, in this order. */
    public SipMessageAssert hasHeader(String name, String... values) {
        isNotNull();
        List<String> actualValues = actual.headers(HeaderName.of(name));
        if (!actualValues.equals(List.of(values))) {
            throw failure("Expected " + name + " " + List.of(values) + ", but it is " + actualValues);
        }
        return this;
    }

    /** Verifies that there is no header line with this name. */
    public SipMessageAssert doesNotHaveHeader(String name) {
        isNotNull();
        List<String> actualValues = actual.headers(HeaderName.of(name));
        if (!actualValues.isEmpty()) {
            throw failure("Expected no header " + name + ", but it is " + actualValues);
        }
        return this;
    }

    /** Verifies that the body, read as UTF-8, has this text. */
    public SipMessageAssert hasBody(String text) {
        isNotNull();
        String body = body();
        if (!body.equals(text)) {
            throw failureWithActualExpected(body, text, "%s", explained("Expected the body\n" + text));
        }
        return this;
    }

    /** Verifies that the body, read as UTF-8, contains this text. */
    public SipMessageAssert hasBodyContaining(String part) {
        isNotNull();
        if (!body().contains(part)) {
            throw failure("Expected a body with \"" + part + "\"");
        }
        return this;
    }

    private String body() {
        return new String(actual.body(), StandardCharsets.UTF_8);
    }

    private AssertionError failure(String what) {
        return failure("%s", explained(what));
    }

    private String explained(String what) {
        return what + "\nof the message:\n" + actual + drawing;
    }
}
