package org.sipproxy.server.flow;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Writer of a pcap file with packets of link type RAW, which begin with the IP header. Headers are generated from the
 * addresses. Does not close the stream. Not thread-safe.
 */
final class PcapWriter {

    private static final int MAGIC_MICROSECONDS = 0xa1b2c3d4;
    private static final int LINKTYPE_RAW = 101;
    private static final int LONGEST_PACKET = 262_144;
    static final int FILE_HEADER = 24;
    private static final int PACKET_HEADER = 16;

    private final OutputStream out;
    private final Packets packets = new Packets();

    /** Creates a writer and writes the header of the file. */
    PcapWriter(OutputStream out) throws IOException {
        this.out = out;
        ByteBuffer header = ByteBuffer.allocate(FILE_HEADER).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(MAGIC_MICROSECONDS).putShort((short) 2).putShort((short) 4);
        header.putInt(0).putInt(0).putInt(LONGEST_PACKET).putInt(LINKTYPE_RAW);
        out.write(header.array());
    }

    /** Writes a message and flushes it. Returns the number of bytes written. */
    long write(TracedMessage message) throws IOException {
        long written = 0;
        List<byte[]> made = packets.of(message);
        for (byte[] packet : made) {
            ByteBuffer header = ByteBuffer.allocate(PACKET_HEADER).order(ByteOrder.LITTLE_ENDIAN);
            header.putInt((int) message.time().getEpochSecond()).putInt(message.micros());
            header.putInt(packet.length).putInt(packet.length);
            out.write(header.array());
            out.write(packet);
            written += PACKET_HEADER + packet.length;
        }
        out.flush();
        return written;
    }
}
