package org.sipproxy.core.internal.codec;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/**
 * The first hop of a binding that only one node of a cluster can reach: the node, and a token for the flow that its
 * client opened (RFC 5626 §5.2). It is an element of the binding's Path, so that every node, and Kamailio, sends there.
 *
 * <pre>
 * sip:TOKEN@HOST:PORT;lr;node=NAME             as stored
 * sip:TOKEN@HOST:PORT;lr;node=NAME;by=PROOF    as sent from node to node
 * </pre>
 *
 * <p>The token names the flow, and is signed for its node. The proof is a signature for one request, valid for a minute,
 * so that whoever reads a row or a message cannot send other requests over the flow. All nodes have the key.
 */
public final class PeerHops {

    /** A flow that a token names. */
    public record NamedFlow(InetSocketAddress remote, Endpoint point, long connection, long process) {

        public TransportKind kind() {
            return point.kind();
        }
    }

    private static final String HMAC = "HmacSHA256";
    private static final int MAC_BYTES = 16;
    private static final byte VERSION = 1;
    private static final String NODE = "node";
    private static final String PROOF = "by";
    private static final String MARK = "po";
    private static final long VALID_MILLIS = 60_000;
    private static final int TIME_DIGITS = 11;
    private static final Base64.Encoder TO_TEXT = Base64.getUrlEncoder().withoutPadding();
    private static final Base64.Decoder FROM_TEXT = Base64.getUrlDecoder();

    private final String node;
    private final String afterToken;
    private final SecretKeySpec key;
    /** Distinguishes the connections of this process from those of an earlier one of the same node. */
    private final long process = new SecureRandom().nextLong();

    /**
     * @param node the name of this node
     * @param address where the other nodes send to
     * @param key the same at all nodes
     */
    public PeerHops(String node, Endpoint address, byte[] key) {
        this.node = node;
        this.key = new SecretKeySpec(key, HMAC);
        String host = address.host().indexOf(':') >= 0 ? "[" + address.host() + "]" : address.host();
        this.afterToken = "@" + host + ":" + address.port()
                + (address.kind() == TransportKind.UDP
                        ? ""
                        : ";transport=" + address.kind().lowerCase())
                + ";lr;" + NODE + "=" + node;
    }

    /** Returns the hop of a flow of this process. */
    public SipUri hopTo(Flow flow, long connection) {
        InetSocketAddress remote = flow.remoteAddress();
        byte[] address = remote.getAddress().getAddress();
        byte[] point = flow.endpoint().toString().getBytes(StandardCharsets.US_ASCII);
        ByteBuffer body = ByteBuffer.allocate(20 + address.length + point.length);
        body.put(VERSION).putLong(process).putLong(connection);
        body.putShort((short) remote.getPort())
                .put((byte) address.length)
                .put(address)
                .put(point);
        byte[] mac = mac(node, body.array());
        byte[] token = Arrays.copyOf(body.array(), body.capacity() + MAC_BYTES);
        System.arraycopy(mac, 0, token, body.capacity(), MAC_BYTES);
        return SipUri.of("sip:" + TO_TEXT.encodeToString(token) + afterToken);
    }

    /** Returns true for a hop that this node wrote, now or in an earlier process. */
    public boolean isOwn(SipUri hop) {
        return hop.parameter(NODE).filter(node::equals).isPresent() && body(hop) != null;
    }

    /** Returns true for a hop that another node wrote. */
    public boolean isOfOther(SipUri hop) {
        return hop.parameter(NODE).filter(name -> !name.equals(node)).isPresent() && body(hop) != null;
    }

    /** Returns true if two hops lead over the same flow, whatever proof they have. */
    public static boolean isSameFlow(SipUri one, SipUri other) {
        return one.user().equals(other.user()) && one.parameter(NODE).equals(other.parameter(NODE));
    }

    /** Returns true if the flow belongs to this process; otherwise its connection, if it is one, is closed. */
    public boolean isOfThisProcess(NamedFlow flow) {
        return flow.process() == process;
    }

    /**
     * Returns the hop with a proof that a node sends this request.
     *
     * @param hop a hop of another node
     * @param nowMillis the wall clock
     */
    public SipUri signed(SipUri hop, SipRequest request, long nowMillis) throws SipParseException {
        String time = Long.toHexString(nowMillis);
        String begin = "0".repeat(TIME_DIGITS - time.length()) + time;
        return SipUri.parse(hop + ";" + PROOF + "=" + begin + proof(hop, request, begin));
    }

    /**
     * Returns the flow of this node over which another node asks to send the request; null if the hop is not of this
     * node, or no node has signed it for this request.
     *
     * @param nowMillis readings of the wall clock
     */
    public @Nullable NamedFlow flowOf(SipUri hop, SipRequest request, long... nowMillis) throws SipParseException {
        String proof = hop.parameter(PROOF).orElse("");
        byte[] body = proof.length() <= TIME_DIGITS || !isOwn(hop) ? null : body(hop);
        if (body == null) {
            return null;
        }
        String begin = proof.substring(0, TIME_DIGITS);
        byte[] expected = proof(hop, request, begin).getBytes(StandardCharsets.US_ASCII);
        byte[] given = proof.substring(TIME_DIGITS).getBytes(StandardCharsets.US_ASCII);
        return MessageDigest.isEqual(expected, given) && isInTime(begin, nowMillis) ? parse(body) : null;
    }

    private static boolean isInTime(String begin, long[] nowMillis) {
        try {
            long at = Long.parseLong(begin, 16);
            return Arrays.stream(nowMillis).anyMatch(now -> Math.abs(now - at) <= VALID_MILLIS);
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private String proof(SipUri hop, SipRequest request, String time) throws SipParseException {
        String text = String.join(
                "\n",
                "request",
                hop.user(),
                time,
                request.method().toString(),
                request.callId(),
                Long.toString(request.cseq().number()),
                request.fromTag());
        return TO_TEXT.encodeToString(mac(node(hop), text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String node(SipUri hop) {
        return hop.parameter(NODE).orElse("");
    }

    /** Returns the token without its signature, if that is right; otherwise null. */
    private byte @Nullable [] body(SipUri hop) {
        byte[] token;
        try {
            token = FROM_TEXT.decode(hop.user());
        } catch (IllegalArgumentException e) {
            return null;
        }
        int length = token.length - MAC_BYTES;
        if (length < 1 || token[0] != VERSION) {
            return null;
        }
        byte[] body = Arrays.copyOf(token, length);
        return MessageDigest.isEqual(mac(node(hop), body), Arrays.copyOfRange(token, length, token.length))
                ? body
                : null;
    }

    /**
     * Returns {@code ;po=} and a signature, for the Record-Route of a dialog that another node has handed over: that node
     * is in the dialog too, and counts its requests.
     *
     * @param signature the URI's parameter {@code rs}, from {@link RouteSignature#parameter}
     */
    public byte[] mark(byte[] signature) {
        int value = RouteSignature.PARAMETER.length;
        String text = new String(signature, value, signature.length - value, StandardCharsets.US_ASCII);
        return (";" + MARK + "=" + markOf(text)).getBytes(StandardCharsets.US_ASCII);
    }

    /** Returns true if a Route, whose signature has been checked, has the mark of a node. */
    public boolean isMarked(SipUri route) {
        String mark = route.parameter(MARK).orElse("");
        return !mark.isEmpty()
                && mark.equals(markOf(route.parameter(RouteSignature.NAME).orElse("")));
    }

    private String markOf(String signature) {
        return TO_TEXT.encodeToString(mac("", ("dialog\n" + signature).getBytes(StandardCharsets.UTF_8)));
    }

    private static @Nullable NamedFlow parse(byte[] token) {
        try {
            ByteBuffer body = ByteBuffer.wrap(token, 1, token.length - 1);
            long process = body.getLong();
            long connection = body.getLong();
            int port = body.getShort() & 0xffff;
            byte[] address = new byte[body.get()];
            body.get(address);
            byte[] point = new byte[body.remaining()];
            body.get(point);
            return new NamedFlow(
                    new InetSocketAddress(InetAddress.getByAddress(address), port),
                    Endpoint.parse(new String(point, StandardCharsets.US_ASCII)),
                    connection,
                    process);
        } catch (BufferUnderflowException
                | NegativeArraySizeException
                | UnknownHostException
                | ConfigurationException e) {
            return null; // signed, so written by another version
        }
    }

    /** Returns the first half of the MAC. A token and a proof differ in their texts, so neither passes for the other. */
    private byte[] mac(String ofNode, byte[] text) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(key);
            mac.update(ofNode.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0);
            return Arrays.copyOf(mac.doFinal(text), MAC_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM lacks " + HMAC + ", which every JVM must have", e);
        }
    }

    /** Returns the remote address of a flow as the URI of a target behind a NAT. */
    public static SipUri received(NamedFlow flow) {
        String uri = "sip:" + HostName.text(flow.remote().getAddress()) + ":"
                + flow.remote().getPort();
        return SipUri.of(
                flow.kind() == TransportKind.UDP
                        ? uri
                        : uri + ";transport=" + flow.kind().lowerCase());
    }
}
