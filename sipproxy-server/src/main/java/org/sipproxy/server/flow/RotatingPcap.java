package org.sipproxy.server.flow;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sequence of pcap files of bounded size. The current one has the given name; the older ones have {@code .1},
 * {@code .2} and so on behind it. Only the user of the server may read them.
 */
public final class RotatingPcap implements WireQueue.Receiver {

    private static final FileAttribute<?>[] PRIVATE = {
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
    };

    private final Path file;
    private final long size;
    private final int files;
    private @Nullable OutputStream out;
    private @Nullable PcapWriter writer;
    /** Bytes in the current file. At first that of an earlier run is assumed to hold messages. */
    private long written = Long.MAX_VALUE;

    RotatingPcap(Path file, long size, int files) {
        this.file = file;
        this.size = size;
        this.files = files;
    }

    /**
     * Returns a part of the server that writes all messages.
     *
     * @param size a file that has reached this size is followed by another one, in bytes
     * @param files number of files, with the current one; the oldest is deleted
     */
    public static WireQueue part(Path file, long size, int files) {
        return new WireQueue("--pcap", new RotatingPcap(file, size, files));
    }

    @Override
    public void take(TracedMessage message) throws IOException {
        try {
            PcapWriter open = writer;
            if (open == null || written >= size) {
                close();
                if (written > PcapWriter.FILE_HEADER) { // otherwise the current file holds nothing, as after a failure
                    rotate();
                }
                open = open();
            }
            written += open.write(message);
        } catch (IOException e) {
            close();
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private void rotate() throws IOException {
        for (int i = files - 1; i > 0; i--) {
            Path newer = i == 1 ? file : numbered(i - 1);
            if (Files.exists(newer)) {
                Files.move(newer, numbered(i), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private Path numbered(int i) {
        return file.resolveSibling(file.getFileName() + "." + i);
    }

    private PcapWriter open() throws IOException {
        Files.deleteIfExists(file); // others may have opened or prepared it
        written = 0;
        Set<StandardOpenOption> create = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        boolean isPosix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
        FileChannel channel = FileChannel.open(file, create, isPosix ? PRIVATE : new FileAttribute<?>[0]);
        OutputStream opened = new BufferedOutputStream(Channels.newOutputStream(channel));
        out = opened;
        PcapWriter made = new PcapWriter(opened);
        writer = made;
        written = PcapWriter.FILE_HEADER;
        return made;
    }

    @Override
    public void close() {
        OutputStream open = out;
        out = null;
        writer = null;
        try {
            if (open != null) {
                open.close();
            }
        } catch (IOException e) {
            // each message was flushed when it was written
        }
    }
}
