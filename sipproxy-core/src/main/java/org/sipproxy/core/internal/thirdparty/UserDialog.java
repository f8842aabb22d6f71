package org.sipproxy.core.internal.thirdparty;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.DigestNonces;
import org.sipproxy.api.auth.DigestSession;
import org.sipproxy.api.client.Participant;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.core.internal.thirdparty.Signalling.Outgoing;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/**
 * Dialog of the proxy with one of the two users (RFC 3261 §12), and writer of its requests. Via, Contact, Record-Route
 * and Max-Forwards are added when a request is sent. Used by the tasks of its call only, except for {@link #token} and
 * {@link #matches}.
 */
final class UserDialog {

    private static final byte[] NONE = {};

    private final Participant user;
    private final ParseLimits limits;
    private final String token;
    private final String callId;
    private final String localTag;
    /** Value of From, with the tag. */
    private final byte[] local;

    private final DigestNonces nonces;

    /** Value of To: with the tag, once there is a dialog. */
    private byte[] remote;
    /** Null before a 2xx. Written by tasks of the call, read by receiver threads. */
    private volatile @Nullable String remoteTag;

    private SipUri target;
    /** The sender of the 2xx; null before. */
    private @Nullable Sender peer;
    /** Value of Route; empty for none. */
    private byte[] route = NONE;

    private long localCseq;
    private long remoteCseq;
    /** Lines with the credentials of the latest INVITE, which its ACK must have too (§13.2.2.4). */
    private byte[] credentials = NONE;

    /**
     * Creates the dialog, before its INVITE.
     *
     * @param from the address in From, without a tag
     */
    UserDialog(Participant user, NameAddress from, ParseLimits limits) {
        this.user = user;
        this.limits = limits;
        this.token = DialogToken.next();
        this.callId = DialogToken.random(16);
        this.localTag = DialogToken.random(8);
        this.local = (from + ";tag=" + localTag).getBytes(StandardCharsets.UTF_8);
        this.remote = ("<" + user.uri() + ">").getBytes(StandardCharsets.UTF_8);
        this.target = user.target().map(Target::uri).orElse(user.uri());
        this.nonces = new DigestNonces();
    }

    /** Creates the dialog of another 2xx to the same INVITE. */
    private UserDialog(UserDialog other, SipResponse accepted, Sender peer) throws SipParseException {
        this.user = other.user;
        this.limits = other.limits;
        this.token = other.token;
        this.callId = other.callId;
        this.localTag = other.localTag;
        this.local = other.local;
        this.nonces = other.nonces;
        this.target = other.target;
        this.localCseq = accepted.cseq().number();
        this.credentials = other.credentials;
        this.remote = value(accepted, HeaderName.TO);
        establish(accepted, peer);
    }

    /** Returns the dialog of a 2xx that came from another phone than that of this dialog. */
    UserDialog fork(SipResponse accepted, Sender other) throws SipParseException {
        return new UserDialog(this, accepted, other);
    }

    Participant user() {
        return user;
    }

    String token() {
        return token;
    }

    /** Returns true if the request belongs to this dialog. Before the first 2xx the user's tag is not known. */
    boolean matches(SipRequest request) throws SipParseException {
        String tag = remoteTag;
        return request.callId().equals(callId)
                && request.toTag().equals(localTag)
                && (tag == null || request.fromTag().equals(tag));
    }

    String callId() {
        return callId;
    }

    /** Returns true if a Replaces names this dialog: its recipient is the proxy. */
    boolean isNamedBy(ReplacedDialog replaced) {
        return replaced.callId().equals(callId)
                && replaced.toTag().equals(localTag)
                && replaced.fromTag().equals(remoteTag);
    }

    /** Returns the request with a Replaces that names this dialog to its user, and sent to the user. */
    SipRequest replacing(SipRequest invite, ReplacedDialog before) throws SipParseException {
        SipUri uri = user.target().map(Target::uri).orElse(user.uri());
        String value = before.value(callId, String.valueOf(remoteTag), localTag);
        return invite.withHeader(ReplacedDialog.REPLACES, value).withRequestUri(uri.asRequestUri());
    }

    // ---- state

    boolean isEstablished() {
        return remoteTag != null;
    }

    boolean isOf(SipResponse accepted) throws SipParseException {
        return accepted.toTag().equals(remoteTag);
    }

    /** Creates the dialog from a 2xx (§12.1.2). */
    void establish(SipResponse accepted, Sender from) throws SipParseException {
        peer = from;
        remote = value(accepted, HeaderName.TO);
        List<NameAddress> recorded = new ArrayList<>(accepted.addresses(HeaderName.RECORD_ROUTE));
        Collections.reverse(recorded);
        ByteWriter text = new ByteWriter(128);
        for (NameAddress element : recorded) {
            text.text(text.length() == 0 ? "" : ", ").bytes(element.toBytes());
        }
        route = text.toBytes();
        refresh(accepted);
        remoteTag = accepted.toTag();
    }

    /**
     * Takes over the remote target (§12.2.1.2). One that differs from the current one only in what the proxy has added
     * to it, such as the alias of a client behind a NAT, changes nothing.
     */
    void refresh(SipMessage message) throws SipParseException {
        NameAddress contact = message.firstAddress(HeaderName.CONTACT).orElse(null);
        if (contact != null) {
            SipUri uri = contact.uri().asRequestUri().compact();
            if (!isEstablished() || !target.isEquivalentTo(uri)) {
                target = uri;
            }
        }
    }

    /** Notes the CSeq number of a request of the user. Returns false if it is lower than an earlier one (§12.2.2). */
    boolean received(SipRequest request) throws SipParseException {
        if (!isEstablished()) {
            return true; // it may belong to another phone than the one that answers
        }
        long number = request.cseq().number();
        if (number < remoteCseq) {
            return false;
        }
        remoteCseq = number;
        return true;
    }

    private static byte[] value(SipMessage message, HeaderName name) {
        int line = message.firstHeader(name);
        return line < 0
                ? NONE
                : message.index()
                        .copy(message.index().valueStart(line), message.index().valueEnd(line));
    }

    // ---- requests

    /** Returns the answers to challenges of one request. */
    DigestSession digest(Method method) {
        return new DigestSession(method, target, user.logins(), nonces);
    }

    /**
     * Returns the next request to the user.
     *
     * @param lines further header lines, each with its line end
     */
    Outgoing request(Method method, byte[] lines, byte[] body, DigestSession digest) throws SipParseException {
        localCseq++;
        byte[] authorization = lines(digest.credentials());
        if (method == Method.INVITE) {
            credentials = authorization;
        }
        return write(method, localCseq, lines, authorization, body);
    }

    /**
     * Returns the ACK of a 2xx.
     *
     * @param cseq that of the INVITE
     */
    Outgoing ack(long cseq, Body answer) throws SipParseException {
        return write(Method.ACK, cseq, answer.headerLines(), credentials, answer.content());
    }

    private static byte[] lines(Map<HeaderName, List<String>> headers) {
        ByteWriter out = new ByteWriter(64);
        headers.forEach((name, values) ->
                values.forEach(value -> out.text(name + ": ").text(value).crlf()));
        return out.toBytes();
    }

    private Outgoing write(Method method, long cseq, byte[] lines, byte[] authorization, byte[] body)
            throws SipParseException {
        ByteWriter out = new ByteWriter(512 + lines.length + body.length);
        out.text(method.name())
                .ascii(' ')
                .bytes(target.toBytes())
                .text(" SIP/2.0")
                .crlf();
        if (route.length > 0) {
            out.text("Route: ").bytes(route).crlf();
        }
        out.text("From: ").bytes(local).crlf();
        out.text("To: ").bytes(remote).crlf();
        out.text("Call-ID: ").text(callId).crlf();
        out.text("CSeq: ").number(cseq).ascii(' ').text(method.name()).crlf();
        out.bytes(authorization).bytes(lines);
        out.text("Content-Length: ").number(body.length).crlf().crlf().bytes(body);
        SipRequest written = (SipRequest) SipMessage.parse(out.toBytes(), limits);
        if (written.defect().isPresent()) {
            throw written.defect().get();
        }
        boolean isFirst = peer == null;
        return new Outgoing(
                written,
                hasContact(method) ? token : null,
                isFirst ? user.target().orElse(null) : null,
                peer);
    }

    /** Returns true for requests that carry the remote target (RFC 3261 §12.2.1, RFC 3311 §4, RFC 6665 §4.1). */
    static boolean hasContact(Method method) {
        return method == Method.INVITE
                || method == Method.UPDATE
                || method == Method.SUBSCRIBE
                || method == Method.NOTIFY
                || method == Method.REFER;
    }
}
