package org.sipproxy.core.internal.codec;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HostName;
import org.sipproxy.message.Via;
import org.sipproxy.message.wire.MessageIndex;
import org.sipproxy.message.wire.Splice;

/**
 * Parameters that the receiver adds to the topmost Via: {@code received} if the source differs from sent-by (RFC 3261
 * §18.2.1), and both {@code received} and the value of {@code rport} if the Via requests it (RFC 3581 §4). Kept as
 * edits of the message's bytes, which are applied where those bytes are copied anyway.
 */
public final class ViaStamp {

    private static final byte[] RECEIVED = {';', 'r', 'e', 'c', 'e', 'i', 'v', 'e', 'd', '='};

    private int firstAt = -1;
    private byte @Nullable [] first;
    private int secondFrom;
    private int secondTo;
    private byte @Nullable [] second;

    private ViaStamp() {}

    /**
     * Returns the stamp for a message from {@code source}.
     *
     * @param reliable true for a stream, whose responses need the source to find their connection
     */
    public static ViaStamp of(MessageIndex wire, Via via, InetSocketAddress source, boolean reliable) {
        ViaStamp stamp = new ViaStamp();
        byte[] ip = ip(source.getAddress());
        boolean fillRport = via.hasRport() && via.rport() < 0;
        boolean elsewhere = !hostIs(wire, via, ip, source.getAddress());
        boolean needsReceived = elsewhere || via.hasRport() || reliable;
        boolean addReceived = needsReceived && via.index().receivedStart() < 0;
        if (fillRport || addReceived) {
            stamp.firstAt = fillRport ? via.index().rportEnd() : endOfSentBy(wire, via);
            // rport= with an empty value has the equals sign already
            boolean equals = fillRport && wire.byteAt(stamp.firstAt - 1) != '=';
            ByteWriter text = new ByteWriter((equals ? 1 : 0)
                    + (fillRport ? ByteWriter.digits(source.getPort()) : 0)
                    + (addReceived ? RECEIVED.length + ip.length : 0));
            if (equals) {
                text.ascii('=');
            }
            if (fillRport) {
                text.number(source.getPort());
            }
            if (addReceived) {
                text.bytes(RECEIVED).bytes(ip);
            }
            stamp.first = text.finish();
        }
        if (via.index().receivedStart() >= 0) {
            stamp.secondFrom = via.index().receivedStart();
            stamp.secondTo = via.index().receivedEnd();
            stamp.second = ip;
        }
        return stamp;
    }

    private static int endOfSentBy(MessageIndex wire, Via via) {
        int end = via.index().parametersStart();
        while (end > via.index().hostEnd() && (wire.byteAt(end - 1) <= ' ')) {
            end--;
        }
        return end;
    }

    /** An IPv6 address has many spellings. */
    private static boolean hostIs(MessageIndex wire, Via via, byte[] ip, InetAddress address) {
        int from = via.index().hostStart();
        int to = via.index().hostEnd();
        if (wire.byteAt(from) == '[') {
            return via.numericHost().map(address::equals).orElse(false);
        }
        return wire.equals(from, to, ip);
    }

    private static byte[] ip(InetAddress address) {
        if (!(address instanceof Inet4Address)) {
            return HostName.literal(address).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        }
        byte[] b = address.getAddress();
        int length = 3;
        for (byte part : b) {
            length += ByteWriter.digits(part & 0xff);
        }
        ByteWriter out = new ByteWriter(length);
        for (int i = 0; i < 4; i++) {
            if (i > 0) {
                out.ascii('.');
            }
            out.number(b[i] & 0xff);
        }
        return out.finish();
    }

    /** Returns by how many bytes the edits make the message longer. */
    int growth() {
        byte[] insert = first;
        byte[] replacement = second;
        return (insert == null ? 0 : insert.length)
                + (replacement == null ? 0 : replacement.length - (secondTo - secondFrom));
    }

    /** Adds the edits to a splice of the same message. */
    public void addTo(Splice splice) {
        byte[] insert = first;
        if (insert != null) {
            splice.insert(firstAt, insert);
        }
        byte[] replacement = second;
        if (replacement != null) {
            splice.replace(secondFrom, secondTo, replacement);
        }
    }

    /** Copies {@code [from, to)} of the message with the edits applied. */
    public void copy(ByteWriter out, MessageIndex wire, int from, int to) {
        byte[] insert = first;
        byte[] replacement = second;
        int at = from;
        boolean insertFirst = replacement == null || firstAt <= secondFrom;
        if (insert != null && insertFirst) {
            out.bytes(wire, at, firstAt).bytes(insert);
            at = firstAt;
        }
        if (replacement != null) {
            out.bytes(wire, at, secondFrom).bytes(replacement);
            at = secondTo;
        }
        if (insert != null && !insertFirst) {
            out.bytes(wire, at, firstAt).bytes(insert);
            at = firstAt;
        }
        out.bytes(wire, at, to);
    }
}
