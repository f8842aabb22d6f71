package org.sipproxy.core.wire;

import java.util.ArrayList;
import java.util.List;

/** Request written by a test. The usual headers are filled in, and each can be changed. */
final class Request {

    private final WireClient sender;
    private final String method;
    private String uri;
    private String via;
    private String branch = WireClient.unique("z9hG4bK");
    private String maxForwards = "Max-Forwards: 70\r\n";
    private String from;
    private String to;
    private String callId = WireClient.unique("call");
    private int cseq = 1;
    private String contact;
    private final List<String> lines = new ArrayList<>();
    private String body = "";

    Request(WireClient sender, String method, String uri) {
        this.sender = sender;
        this.method = method;
        this.uri = uri;
        this.via = "SIP/2.0/" + sender.transport() + " " + sender.hostPort() + ";rport;branch=";
        this.from = "<sip:" + sender.name() + "@sip.test>;tag=" + WireClient.unique("f");
        this.to = "<" + uri + ">";
        this.contact = method.equals("INVITE") || method.equals("SUBSCRIBE") ? "<" + sender.contact() + ">" : "";
    }

    String method() {
        return method;
    }

    String callId() {
        return callId;
    }

    int cseq() {
        return cseq;
    }

    String branch() {
        return branch;
    }

    String from() {
        return from;
    }

    String to() {
        return to;
    }

    String uri() {
        return uri;
    }

    Request uri(String value) {
        uri = value;
        return this;
    }

    /** Sets the Via up to {@code branch=}. */
    Request via(String value) {
        via = value;
        return this;
    }

    Request branch(String value) {
        branch = value;
        return this;
    }

    Request maxForwards(int value) {
        maxForwards = "Max-Forwards: " + value + "\r\n";
        return this;
    }

    Request withoutMaxForwards() {
        maxForwards = "";
        return this;
    }

    Request from(String value) {
        from = value;
        return this;
    }

    Request to(String value) {
        to = value;
        return this;
    }

    Request callId(String value) {
        callId = value;
        return this;
    }

    Request cseq(int value) {
        cseq = value;
        return this;
    }

    /** Sets the value of Contact; empty for none. */
    Request contact(String value) {
        contact = value;
        return this;
    }

    /** Adds header lines. */
    Request with(String... more) {
        lines.addAll(List.of(more));
        return this;
    }

    Request body(String type, String content) {
        lines.add("Content-Type: " + type);
        body = content;
        return this;
    }

    /** Returns the next request: CSeq plus one, and a new branch. */
    Request next() {
        cseq++;
        branch = WireClient.unique("z9hG4bK");
        return this;
    }

    /** Returns the CANCEL of this request. */
    Request cancel() {
        return derived("CANCEL", to);
    }

    /** Returns the ACK of a failure, which belongs to this transaction (RFC 3261 §17.1.1.3). */
    Request ack(WireMessage response) {
        return derived("ACK", response.header("To"));
    }

    private Request derived(String name, String toValue) {
        Request other = new Request(sender, name, uri);
        other.via = via;
        other.branch = branch;
        other.from = from;
        other.to = toValue;
        other.callId = callId;
        other.cseq = cseq;
        lines.stream().filter(line -> line.startsWith("Route:")).forEach(other.lines::add);
        return other;
    }

    String text() {
        StringBuilder out = new StringBuilder(512);
        out.append(method).append(' ').append(uri).append(" SIP/2.0\r\n");
        out.append("Via: ").append(via).append(branch).append("\r\n");
        out.append(maxForwards);
        out.append("From: ")
                .append(from)
                .append("\r\nTo: ")
                .append(to)
                .append("\r\nCall-ID: ")
                .append(callId);
        out.append("\r\nCSeq: ").append(cseq).append(' ').append(method).append("\r\n");
        if (!contact.isEmpty()) {
            out.append("Contact: ").append(contact).append("\r\n");
        }
        for (String line : lines) {
            out.append(line).append("\r\n");
        }
        out.append("Content-Length: ").append(body.length()).append("\r\n\r\n").append(body);
        return out.toString();
    }

    @Override
    public String toString() {
        return text();
    }
}
