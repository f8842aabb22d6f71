package org.sipproxy.testkit;

import java.util.function.Consumer;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;

/**
 * Dialog of an outgoing call with one phone that has responded provisionally (RFC 3261 §12.1). A forked call has one
 * for each phone that rings, and its provisional responses may carry different session descriptions. Thread-safe.
 */
public final class EarlyDialog {

    private final OutgoingCall call;
    private final Dialog dialog;
    private final String remoteTag;
    private volatile SipResponse response;

    EarlyDialog(OutgoingCall call, Dialog dialog, SipResponse response) throws SipParseException {
        this.call = call;
        this.dialog = dialog;
        this.remoteTag = response.toTag();
        this.response = response;
        dialog.confirm(response);
    }

    /** Returns the tag of the phone. */
    public String remoteTag() {
        return remoteTag;
    }

    /** Returns the latest provisional response of the phone. */
    public SipResponse response() {
        return response;
    }

    void latest(SipResponse next) {
        response = next;
    }

    /**
     * Sends a request to this phone only, such as UPDATE, and returns its final response, also a failure.
     *
     * @throws IllegalArgumentException if the method is ACK or CANCEL
     */
    public SipResponse send(String method) {
        return send(method, parts -> {});
    }

    /** Sends a request like {@link #send(String)}, with headers or a body. */
    public SipResponse send(String method, Consumer<MessageParts> filler) {
        return call.send(dialog, method, filler);
    }

    /**
     * Acknowledges the latest provisional response with PRACK (RFC 3262 §4).
     *
     * @throws AssertionError if the response has no RSeq, or the PRACK is refused
     */
    public SipResponse prack() {
        SipResponse reliable = response;
        String rseq = reliable.header(HeaderName.of("RSeq"))
                .orElseThrow(() -> call.core.unexpected(
                        "PRACK: " + Responses.describe(reliable) + " has no RSeq, so it is not reliable"));
        String rack = rseq + " " + reliable.header(HeaderName.CSEQ).orElseThrow();
        return call.expectSuccess(send(Method.PRACK.name(), parts -> parts.header("RAck", rack)), "PRACK");
    }
}
