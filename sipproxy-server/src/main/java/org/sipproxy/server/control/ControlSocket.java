package org.sipproxy.server.control;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Listening Unix-domain socket that only its owner may use. The socket is bound in a new directory of mode 0700, gets
 * mode 0600, and is then renamed, so that no other user can connect at any time.
 *
 * <p>A lock on the file {@code PATH.lock} shows that the server runs: the system releases it when the process ends,
 * however it ends. So the socket of a server that has ended is replaced, and that of a running one is not, even if
 * several start at once. The lock file stays.
 */
final class ControlSocket implements AutoCloseable {

    private static final FileAttribute<?> PRIVATE_DIRECTORY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final FileAttribute<?> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private static final int MAX_HIDDEN = 999;
    /** What all systems allow; Linux allows four bytes more. */
    private static final int MAX_PATH_BYTES = 103;

    private final Path path;
    private final FileChannel lockFile;
    private final ServerSocketChannel channel;

    private ControlSocket(Path path, FileChannel lockFile, ServerSocketChannel channel) {
        this.path = path;
        this.lockFile = lockFile;
        this.channel = channel;
    }

    /**
     * Binds the socket. Creates missing directories with mode 0700.
     *
     * @throws ControlSocketException with the reason; {@link ControlSocketException#isHeld} if another server uses it
     */
    static ControlSocket bind(Path path) throws ControlSocketException {
        Path absolute = path.toAbsolutePath();
        Path directory = absolute.getParent();
        if (directory == null
                || !directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            throw new ControlSocketException(
                    "is on a file system without POSIX permissions; use --control none", false);
        }
        if (absolute.toString().getBytes(StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
            throw new ControlSocketException("is longer than " + MAX_PATH_BYTES + " bytes; use a shorter path", false);
        }
        try {
            if (!Files.isDirectory(directory)) {
                Files.createDirectories(directory, PRIVATE_DIRECTORY);
            }
            return bind(absolute, directory);
        } catch (IOException e) {
            throw new ControlSocketException("cannot be created: " + reason(e), false);
        }
    }

    private static ControlSocket bind(Path path, Path directory) throws IOException, ControlSocketException {
        FileChannel lockFile = FileChannel.open(
                path.resolveSibling(path.getFileName() + ".lock"),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                PRIVATE_FILE);
        ServerSocketChannel channel = null;
        boolean succeeded = false;
        try {
            if (!lock(lockFile) || isServed(path)) {
                throw new ControlSocketException(
                        "is in use by another server; stop that one or use another path", true);
            }
            channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            publish(channel, path, directory);
            succeeded = true;
            return new ControlSocket(path, lockFile, channel);
        } finally {
            if (!succeeded) {
                if (channel != null) {
                    channel.close();
                }
                lockFile.close();
            }
        }
    }

    private static boolean lock(FileChannel file) throws IOException {
        try {
            FileLock lock = file.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false; // another server in this process
        }
    }

    /** Returns true if a program of another kind listens there. */
    private static boolean isServed(Path path) throws ControlSocketException, IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther()) {
            throw new ControlSocketException("is a file and not a socket; remove it or use another path", false);
        }
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            return probe.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static void publish(ServerSocketChannel channel, Path path, Path directory) throws IOException {
        Path hidden = createHidden(directory);
        Path bound = hidden.resolve("s");
        try {
            channel.bind(UnixDomainSocketAddress.of(bound));
            Files.setPosixFilePermissions(bound, PosixFilePermissions.fromString("rw-------"));
            Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(bound);
            Files.deleteIfExists(hidden);
        }
    }

    /** Creates a directory with a short name, because the path of a socket has at most about 100 bytes. */
    private static Path createHidden(Path directory) throws IOException {
        for (int i = 0; true; i++) {
            try {
                return Files.createDirectory(directory.resolve(".c" + i), PRIVATE_DIRECTORY);
            } catch (FileAlreadyExistsException e) {
                if (i == MAX_HIDDEN) {
                    throw e;
                }
            }
        }
    }

    private static String reason(IOException e) {
        String reason = e instanceof FileSystemException failure ? failure.getReason() : e.getMessage();
        String kind = e.getClass().getSimpleName().replaceFirst("Exception$", "");
        return reason == null ? kind + " " + e.getMessage() : reason;
    }

    Path path() {
        return path;
    }

    ServerSocketChannel channel() {
        return channel;
    }

    /** Closes and removes the socket. */
    @Override
    public void close() {
        try (lockFile;
                channel) {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            // what is left is replaced by the next server
        }
    }
}
