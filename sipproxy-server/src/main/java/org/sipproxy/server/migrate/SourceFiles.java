package org.sipproxy.server.migrate;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads the files of a configuration within limits of size and number. */
final class SourceFiles {

    static final int MOST_BYTES = 2_000_000;
    static final int MOST_FILES = 64;

    private final Path directory;
    private int files;

    /** Creates a reader that looks for relative names in a directory. */
    SourceFiles(Path directory) {
        this.directory = directory;
    }

    /** Returns the text of a file. Bytes that are not UTF-8 are read as Latin-1. */
    String read(Path path, Place from) {
        if (++files > MOST_FILES) {
            throw new ImportException(from, "more than " + MOST_FILES + " files; include fewer of them");
        }
        byte[] bytes;
        try {
            if (!Files.isRegularFile(path)) {
                throw new ImportException(
                        from, path + (Files.exists(path) ? " is not a regular file" : " does not exist"));
            }
            try (InputStream in = Files.newInputStream(path)) {
                bytes = in.readNBytes(MOST_BYTES + 1);
            }
        } catch (IOException e) {
            throw new ImportException(from, path + " cannot be read: " + e);
        }
        if (bytes.length > MOST_BYTES) {
            throw new ImportException(from, path + " is larger than " + MOST_BYTES + " bytes");
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        text = text.indexOf('\ufffd') >= 0 ? new String(bytes, StandardCharsets.ISO_8859_1) : text;
        if (text.indexOf('\0') >= 0) {
            throw new ImportException(from, path + " has NUL bytes, so it is not a text file");
        }
        return text;
    }

    /**
     * Returns the path of a file that a configuration names: beside the configuration if a file with that name is
     * there, because the configuration may be a copy from another machine; otherwise as it is named. Empty if neither
     * exists.
     */
    Optional<Path> find(String name) {
        try {
            Path named = Path.of(name);
            Path last = named.getFileName();
            if (last == null) {
                return Optional.empty();
            }
            Path beside = directory.resolve(named.isAbsolute() ? last : named);
            if (Files.isRegularFile(beside)) {
                return Optional.of(beside);
            }
            return named.isAbsolute() && Files.isRegularFile(named) ? Optional.of(named) : Optional.empty();
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }
}
