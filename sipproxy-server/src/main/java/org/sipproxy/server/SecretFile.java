package org.sipproxy.server;

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
 * File with the secret of a proxy: one line of hexadecimal digits, readable by its owner only. Error texts never
 * contain the secret, and contain the path only as part of the remedy.
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
     * Returns the secret, and creates the file if it does not exist. If several processes start at once, one of them
     * creates it.
     *
     * @throws IOException if it cannot be read or created, others have access to it, or it does not contain a secret
     */
    byte[] readOrCreate() throws IOException {
        if (!exists()) {
            create();
        }
        return read();
    }

    /**
     * Reads the secret.
     *
     * @throws IOException as {@link #readOrCreate}
     */
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
            // reported below, without the text
        }
        throw new IOException(
                "is not a line of 32 to 2048 hexadecimal digits; remove it, so that the next start creates one");
    }

    private void requirePrivate() throws IOException {
        if (!isPosix()) {
            return;
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
        if (!OWNERS.containsAll(permissions)) {
            throw new IOException("is accessible to other users (" + PosixFilePermissions.toString(permissions)
                    + "); run: chmod 600 " + path);
        }
        Object owner = uid(path);
        Object self = uid(Path.of("/proc/self"));
        if (owner != null && self != null && !owner.equals(self) && !owner.equals(0)) {
            throw new IOException("belongs to " + Files.getOwner(path).getName()
                    + ", who may know the secret; remove it, or change its owner with chown to the user that runs"
                    + " this program");
        }
    }

    private boolean isPosix() {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /**
     * Returns the numeric user, which also exists in containers without user names; null if the system does not have
     * it.
     */
    private static @Nullable Object uid(Path of) {
        try {
            return Files.getAttribute(of, "unix:uid");
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return null;
        }
    }

    /** Creates the file as a link to a finished one, so that it is never incomplete or readable by others. */
    private void create() throws IOException {
        Path directory = path.getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw new IOException("cannot be created: no directory " + directory);
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
            // another process created it
        } catch (UnsupportedOperationException | FileSystemException e) {
            Files.move(written, path); // a file system without hard links
        }
    }

    /** Creates the directory of the file, accessible to its owner only. */
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
