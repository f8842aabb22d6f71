package org.sipproxy.testkit.fakes;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.RequestClient;
import org.sipproxy.api.client.RequestFailedException;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/**
 * Client for the unit test of a component: records the requests and calls, and sends nothing. A test completes each
 * request, or sets the status that all later ones get at once, and lets the users of a call answer. Not thread-safe.
 */
public final class FakeRequestClient implements RequestClient {

    /**
     * A request, and the future that the component got for it.
     *
     * @param request the request as the component passed it; its challenges are not answered
     * @param future the future
     */
    public record Sent(OutgoingRequest request, CompletableFuture<SipResponse> future) {

        /**
         * Completes the future with a response, on the thread of the test.
         *
         * @param headerLines further header lines without line ends, such as {@code Retry-After: 5}
         */
        public Sent respond(int status, String... headerLines) {
            future.complete(response(request, status, headerLines));
            return this;
        }

        /** Completes the future with a failure, on the thread of the test. */
        public Sent fail(RequestFailedException.Reason reason) {
            future.completeExceptionally(new RequestFailedException(reason, request + ": " + reason));
            return this;
        }
    }

    private final List<Sent> sent = new ArrayList<>();
    private final List<FakeThirdPartyCall> calls = new ArrayList<>();
    private int status;

    /** Creates a client whose requests stay pending. */
    public FakeRequestClient() {}

    /** Lets all later requests get this response at once; 0 to let them stay pending. */
    public FakeRequestClient respondWith(int statusCode) {
        status = statusCode;
        return this;
    }

    /** Returns the requests in their order; a test may clear the list. */
    public List<Sent> sent() {
        return sent;
    }

    @Override
    public CompletableFuture<SipResponse> send(OutgoingRequest request) {
        Sent one = new Sent(Objects.requireNonNull(request, "request"), new CompletableFuture<>());
        sent.add(one);
        return status == 0 ? one.future() : one.respond(status).future();
    }

    /** Returns the calls in their order; a test may clear the list. */
    public List<FakeThirdPartyCall> calls() {
        return calls;
    }

    @Override
    public FakeThirdPartyCall connect(CallSetup setup) {
        FakeThirdPartyCall call = new FakeThirdPartyCall(setup);
        calls.add(call);
        return call;
    }

    private static SipResponse response(OutgoingRequest request, int status, String... headerLines) {
        List<String> lines = new ArrayList<>(List.of(
                "SIP/2.0 " + status + " " + StatusCode.reasonPhrase(status),
                "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
                "From: " + request.from().map(Object::toString).orElse("<sip:example.org>") + ";tag=1",
                "To: " + request.to().map(Object::toString).orElse("<" + request.requestUri() + ">") + ";tag=2",
                "Call-ID: " + request.callId().orElse("1"),
                "CSeq: " + request.cseq() + " " + request.method()));
        lines.addAll(List.of(headerLines));
        lines.add("Content-Length: 0");
        String text = String.join("\r\n", lines) + "\r\n\r\n";
        try {
            return (SipResponse) SipMessage.parse(text.getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT);
        } catch (SipParseException e) {
            throw new IllegalArgumentException("respond: not a response: " + e.getMessage(), e);
        }
    }
}
