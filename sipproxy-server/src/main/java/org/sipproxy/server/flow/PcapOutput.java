package org.sipproxy.server.flow;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Messages of a trace as a pcap file. */
public final class PcapOutput implements TraceOutput {

    private final OutputStream out;
    private final PcapWriter writer;

    /** Creates the file, or replaces it. */
    public PcapOutput(Path file) throws IOException {
        this.out = new BufferedOutputStream(Files.newOutputStream(file));
        this.writer = new PcapWriter(out);
    }

    @Override
    public void add(TracedMessage message) throws IOException {
        writer.write(message);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
