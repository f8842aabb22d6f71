package org.sipproxy.server.flow;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;

/**
 * Sender of messages to a Homer collector, as HEP version 3 over UDP. The name of the collector is resolved again after
 * a failure.
 */
public final class HepSender implements WireQueue.Receiver {

    private static final int HEADER = 6;
    private static final int IPV4 = 2;
    private static final int IPV6 = 10;
    private static final int UDP = 17;
    private static final int TCP = 6;
    private static final byte SIP = 1;
    private static final int LONGEST_DATAGRAM = 65_507;
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final String host;
    private final int port;
    private final int captureId;
    private final String authKey;
    private @Nullable DatagramSocket socket;
    private long failedNanos = System.nanoTime() - RETRY_NANOS;

    private HepSender(String host, int port, int captureId, String authKey) {
        this.host = host;
        this.port = port;
        this.captureId = captureId;
        this.authKey = authKey;
    }

    /**
     * Returns a part of the server that sends all messages to a collector.
     *
     * @param captureId number by which the collector knows this server
     * @param authKey key that the collector checks; empty for none
     */
    public static WireQueue part(String host, int port, int captureId, String authKey) {
        return new WireQueue("--hep", new HepSender(host, port, captureId, authKey));
    }

    @Override
    public void take(TracedMessage message) throws IOException {
        byte[] packet = packet(message, captureId, authKey);
        if (packet.length > LONGEST_DATAGRAM) {
            throw new IOException("a message of " + packet.length + " bytes does not fit a datagram");
        }
        DatagramSocket open = socket();
        try {
            open.send(new DatagramPacket(packet, packet.length));
        } catch (PortUnreachableException e) {
            close();
            throw new IOException("collector " + host + ":" + port + ": nothing listens there", e);
        } catch (IOException e) {
            close();
            throw new IOException("collector " + host + ":" + port + ": " + e.getMessage(), e);
        }
    }

    private DatagramSocket socket() throws IOException {
        DatagramSocket open = socket;
        if (open != null) {
            return open;
        }
        if (System.nanoTime() - failedNanos < RETRY_NANOS) {
            throw new IOException("collector " + host + ":" + port + " cannot be reached");
        }
        try {
            InetAddress address = InetAddress.getByName(host);
            open = new DatagramSocket();
            open.connect(new InetSocketAddress(address, port));
        } catch (UnknownHostException e) {
            failedNanos = System.nanoTime();
            throw new IOException("collector " + host + ": unknown host", e);
        } catch (IOException e) {
            failedNanos = System.nanoTime();
            throw e;
        }
        socket = open;
        return open;
    }

    @Override
    public void close() {
        DatagramSocket open = socket;
        socket = null;
        if (open != null) {
            open.close();
        }
    }

    /** Returns the HEP packet of a message: a header and chunks, each with vendor 0, type and length. */
    static byte[] packet(TracedMessage message, int captureId, String authKey) {
        byte[] payload = message.bytes();
        byte[] key = authKey.getBytes(StandardCharsets.UTF_8);
        byte[] callId = callId(message).getBytes(StandardCharsets.UTF_8);
        byte[] from = message.source().getAddress().getAddress();
        byte[] to = message.destination().getAddress().getAddress();
        boolean isIpv4 = from.length == 4 && to.length == 4;
        ByteBuffer out = ByteBuffer.allocate(256 + payload.length + key.length + callId.length);
        out.put("HEP3".getBytes(StandardCharsets.US_ASCII)).putShort((short) 0);
        chunk(out, 1, 1).put((byte) (isIpv4 ? IPV4 : IPV6));
        chunk(out, 2, 1).put((byte) (message.transport() == TransportKind.UDP ? UDP : TCP));
        address(out, isIpv4 ? 3 : 5, from, isIpv4);
        address(out, isIpv4 ? 4 : 6, to, isIpv4);
        chunk(out, 7, 2).putShort((short) message.source().getPort());
        chunk(out, 8, 2).putShort((short) message.destination().getPort());
        chunk(out, 9, 4).putInt((int) message.time().getEpochSecond());
        chunk(out, 10, 4).putInt(message.micros());
        chunk(out, 11, 1).put(SIP);
        chunk(out, 12, 4).putInt(captureId);
        if (key.length > 0) {
            chunk(out, 14, key.length).put(key);
        }
        chunk(out, 15, payload.length).put(payload);
        if (callId.length > 0) {
            chunk(out, 17, callId.length).put(callId);
        }
        out.putShort(4, (short) out.position());
        byte[] packet = new byte[out.position()];
        out.flip().get(packet);
        return packet;
    }

    private static ByteBuffer chunk(ByteBuffer out, int type, int length) {
        return out.putShort((short) 0).putShort((short) type).putShort((short) (HEADER + length));
    }

    private static void address(ByteBuffer out, int type, byte[] address, boolean isIpv4) {
        byte[] bytes = isIpv4 ? address : Packets.ipv6(address);
        chunk(out, type, bytes.length).put(bytes);
    }

    private static String callId(TracedMessage message) {
        SipMessage parsed = message.message().orElse(null);
        try {
            return parsed == null ? "" : parsed.callId();
        } catch (SipParseException e) {
            return "";
        }
    }
}
