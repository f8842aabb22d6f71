package org.sipproxy.server.migrate;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Configurations of these tests. */
public final class Resources {

    /** Kamailio's stock configuration, if it is installed. */
    public static final Path STOCK = Path.of("/etc/kamailio/kamailio.cfg");

    /** Stock configuration whose statements the import knows. */
    private static final String VERSION = "Kamailio SIP Server v5.6 - default configuration script";

    private Resources() {}

    static String manual() throws IOException {
        return text("manual.cfg");
    }

    private static String text(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(Resources.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Writes a configuration of the tests to a directory. */
    public static Path copy(String name, Path directory) throws IOException {
        return Files.writeString(directory.resolve(name), text(name));
    }

    /** Returns true if the stock configuration of Kamailio 5.6 is on this machine, unchanged. */
    public static boolean hasStock() {
        try {
            return Files.isReadable(STOCK) && Files.readString(STOCK).contains(VERSION);
        } catch (IOException e) {
            return false;
        }
    }
}
