package org.sipproxy.testkit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/** State of one side of a dialog (RFC 3261 §12), from which in-dialog requests are written. */
final class Dialog {

    private final String callId;
    private final String localTag;
    private final String local;
    private final AtomicLong cseq = new AtomicLong();
    /** Guarded by this, like the following fields. */
    private String remote;

    private String remoteTarget;
    private List<String> routes = List.of();

    private Dialog(String callId, String localTag, String local, String remote, String remoteTarget) {
        this.callId = callId;
        this.localTag = localTag;
        this.local = local;
        this.remote = remote;
        this.remoteTarget = remoteTarget;
    }

    /** Creates the caller's state before an answer: the INVITE has the called URI. */
    static Dialog toBe(Identity caller, String uri) {
        String tag = Unique.word("f");
        return new Dialog(Unique.word("call"), tag, "<" + caller.aor() + ">;tag=" + tag, "<" + uri + ">", uri);
    }

    /** Creates the caller's unconfirmed state for another phone that answers the same INVITE. */
    Dialog sibling() {
        return new Dialog(callId, localTag, local, remote(), remoteTarget());
    }

    /** Creates the callee's state from the INVITE and the tag of its responses. */
    static Dialog of(SipRequest invite, String localTag) throws SipParseException {
        Dialog dialog = new Dialog(
                invite.callId(),
                localTag,
                invite.to() + ";tag=" + localTag,
                invite.from().toString(),
                invite.from().uriText());
        dialog.refreshTarget(invite);
        dialog.routes = recordedRoutes(invite);
        return dialog;
    }

    String callId() {
        return callId;
    }

    String localTag() {
        return localTag;
    }

    private synchronized String remote() {
        return remote;
    }

    /** Returns the tag of the other side; empty before a response with a tag. */
    String remoteTag() {
        return remoteAddress().parameter("tag").orElse("");
    }

    /** Returns the URI of the other side's From or To, without parameters of the header. */
    String remoteUri() {
        return remoteAddress().uriText();
    }

    private NameAddress remoteAddress() {
        try {
            return NameAddress.parse(remote());
        } catch (SipParseException e) {
            throw new IllegalStateException(e); // it was parsed before
        }
    }

    synchronized String remoteTarget() {
        return remoteTarget;
    }

    synchronized List<String> routes() {
        return routes;
    }

    long nextCSeq() {
        return cseq.incrementAndGet();
    }

    /** Completes the caller's state from the 2xx: the remote tag, and the Route set in reverse order (§12.1.2). */
    synchronized void confirm(SipResponse answer) throws SipParseException {
        remote = answer.to().toString();
        List<String> recorded = new ArrayList<>(recordedRoutes(answer));
        Collections.reverse(recorded);
        routes = List.copyOf(recorded);
        refreshTarget(answer);
    }

    private static List<String> recordedRoutes(SipMessage message) throws SipParseException {
        if (message.firstHeader(HeaderName.RECORD_ROUTE) < 0) {
            return List.of();
        }
        return message.addresses(HeaderName.RECORD_ROUTE).stream()
                .map(NameAddress::toString)
                .toList();
    }

    /** Updates the remote target from a message's Contact, if it has one (§12.2.1.2). */
    synchronized void refreshTarget(SipMessage message) throws SipParseException {
        if (message.firstHeader(HeaderName.CONTACT) >= 0) {
            remoteTarget = message.addresses(HeaderName.CONTACT).get(0).uriText();
        }
    }

    /** Returns the next request; {@code more} are header lines that its method needs. */
    synchronized RequestDraft request(String method, MessageParts parts, HeaderLine... more) {
        List<HeaderLine> lines = new ArrayList<>();
        routes.forEach(route -> lines.add(new HeaderLine(HeaderName.ROUTE, route)));
        lines.add(new HeaderLine(HeaderName.FROM, local));
        lines.add(new HeaderLine(HeaderName.TO, remote));
        lines.add(new HeaderLine(HeaderName.CALL_ID, callId));
        lines.addAll(List.of(more));
        return new RequestDraft(method, remoteTarget, lines, parts);
    }
}
