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

/** One side's state of a dialog (RFC 3261 §12): how it writes the requests in it. */
final class Dialog {

    private final String callId;
    private final String localTag;
    private final String local;
    private final AtomicLong cseq = new AtomicLong();
    /** Guarded by this, as is what follows. */
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

    /** The caller's, before anybody has answered: its INVITE goes to the URI that was called. */
    static Dialog toBe(Identity caller, String uri) {
        String tag = Unique.word("f");
        return new Dialog(Unique.word("call"), tag, "<" + caller.aor() + ">;tag=" + tag, "<" + uri + ">", uri);
    }

    /** The caller's with another phone that answers the same INVITE: not confirmed yet. */
    Dialog sibling() {
        return new Dialog(callId, localTag, local, remote(), remoteTarget());
    }

    /** The called one's, from the INVITE and the tag that it answers with. */
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

    synchronized String remoteTarget() {
        return remoteTarget;
    }

    synchronized List<String> routes() {
        return routes;
    }

    long nextCSeq() {
        return cseq.incrementAndGet();
    }

    /** The caller's half that only the answer tells: the other tag, and the Route set in the other order (§12.1.2). */
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

    /** Requests go to this message's Contact from now on, if it has one (§12.2.1.2). */
    synchronized void refreshTarget(SipMessage message) throws SipParseException {
        if (message.firstHeader(HeaderName.CONTACT) >= 0) {
            remoteTarget = message.addresses(HeaderName.CONTACT).get(0).uriText();
        }
    }

    /** The next request; {@code more} are header lines that its kind needs. */
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
