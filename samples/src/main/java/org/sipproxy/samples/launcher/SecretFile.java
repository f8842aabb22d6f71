package org.sipproxy.samples.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file with the secret of a proxy: one line of hexadecimal digits, which only its owner may read. Error texts never show the
 * secret, and name the path only where that is the remedy.
 */
final class SecretFile {

    private static final int BYTES = 32;
    private static final int MIN_BYTES = 16;
    private static final int MAX_BYTES = 1_024;
    private static final int MAX_FILE_BYTES = 4_096;
    private static final Set<PosixFilePermission> OWNERS = EnumSet.of(
            PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);

    private final Path path;

    SecretFile(Path path) {
        this.path = path.toAbsolutePath().normalize();
    }

    Path path() {
        return path;
    }

    boolean exists() {
        return Files.exists(path);
    }

    /**
     * Returns the secret, after creating the file if there is none. Of several that start at once, one creates it.
     *
     * @throws IOException if it cannot be read or created, others have access to it, or it is not a secret
     */
    byte[] readOrCreate() throws IOException {
        if (!exists()) {
            create();
        }
        return read();
    }

    /** @throws IOException as {@link #readOrCreate} */
    byte[] read() throws IOException {
        if (!Files.isRegularFile(path)) {
            throw new IOException("is not a regular file");
        }
        requirePrivate();
        byte[] text;
        try (InputStream in = Files.newInputStream(path)) {
            text = in.readNBytes(MAX_FILE_BYTES + 1);
        } catch (IOException e) {
            throw new IOException("cannot be read: " + reason(e), e);
        }
        try {
            byte[] secret = HexFormat.of().parseHex(new String(text, StandardCharsets.ISO_8859_1).strip());
            if (secret.length >= MIN_BYTES && secret.length <= MAX_BYTES) {
                return secret;
            }
        } catch (IllegalArgumentException e) {
            // refused below, without the text
        }
        throw new IOException(
                "is not a line of 32 to 2048 hexadecimal digits; remove it, and the next start creates one");
    }

    private void requirePrivate() throws IOException {
        if (!isPosix()) {
            return;
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
        if (!OWNERS.containsAll(permissions)) {
            throw new IOException("others than its owner have access (" + PosixFilePermissions.toString(permissions)
                    + "); run: chmod 600 " + path);
        }
        Object owner = uid(path);
        Object self = uid(Path.of("/proc/self"));
        if (owner != null && self != null && !owner.equals(self) && !owner.equals(0)) {
            throw new IOException("belongs to " + Files.getOwner(path).getName()
                    + ", who may know it; remove it, or give it to the user that runs this program with chown");
        }
    }

    private boolean isPosix() {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /** The numeric user, which is right in containers without names too; null where the system does not say. */
    private static @Nullable Object uid(Path of) {
        try {
            return Files.getAttribute(of, "unix:uid");
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return null;
        }
    }

    /** Never readable by others, and never half written: a link to the finished file is made, unless another start was faster. */
    private void create() throws IOException {
        Path directory = path.getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw new IOException("cannot be created: there is no directory " + directory);
        }
        byte[] secret = new byte[BYTES];
        new SecureRandom().nextBytes(secret);
        try {
            Path written = Files.createTempFile(directory, ".sipproxy", ".tmp"); // mode 0600
            try {
                Files.writeString(written, HexFormat.of().formatHex(secret) + "\n");
                try (FileChannel file = FileChannel.open(written, StandardOpenOption.WRITE)) {
                    file.force(true);
                }
                publish(written);
            } finally {
                Files.deleteIfExists(written);
            }
        } catch (IOException e) {
            throw new IOException("cannot be created: " + reason(e), e);
        }
    }

    private void publish(Path written) throws IOException {
        try {
            Files.createLink(path, written);
        } catch (FileAlreadyExistsException e) {
            // another start created it
        } catch (UnsupportedOperationException | FileSystemException e) {
            Files.move(written, path); // a file system without hard links
        }
    }

    /** Makes the directory for the file, closed to others. */
    void makeDirectory() throws IOException {
        Path directory = path.getParent();
        if (directory == null || Files.isDirectory(directory)) {
            return;
        }
        try {
            if (isPosix()) {
                Files.createDirectories(
                        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } else {
                Files.createDirectories(directory);
            }
        } catch (IOException e) {
            throw new IOException("cannot be created: " + reason(e), e);
        }
    }

    private static String reason(IOException e) {
        if (e instanceof FileSystemException failure && failure.getReason() != null) {
            return failure.getReason();
        }
        return e.getClass().getSimpleName().replaceFirst("Exception$", "");
    }
}
