package org.sipproxy.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.sipproxy.message.HostName;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.server.config.Section;
import org.sipproxy.server.flow.HepSender;
import org.sipproxy.server.flow.RotatingPcap;
import org.sipproxy.server.flow.WireQueue;
import org.sipproxy.server.operations.ServerComponents;
import org.sipproxy.server.part.ServerPart;
import picocli.CommandLine.Option;

/** Options that record all messages while the server runs, kept as text like those of {@link ProxyOptions}. */
@Section("Records of all messages")
final class FlowOptions {

    private static final long SMALLEST_FILE = 1L << 16;

    @Option(
            names = "--pcap",
            paramLabel = "FILE",
            description = {
                "Writes all messages to pcap files, TLS and WebSocket in clear, secrets masked: FILE is the current one,",
                "FILE.1 the one before. Default: none."
            })
    private String pcap = "";

    @Option(
            names = "--pcap-size",
            paramLabel = "SIZE",
            description = "Size at which another file is begun, in bytes or with k, m or g. Default: ${DEFAULT-VALUE}.",
            defaultValue = "100m")
    private String pcapSize = "";

    @Option(
            names = "--pcap-files",
            paramLabel = "N",
            description = "Number of files that are kept, 1 to 1000. Default: ${DEFAULT-VALUE}.",
            defaultValue = "10")
    private String pcapFiles = "";

    @Option(
            names = "--hep",
            paramLabel = "HOST:PORT",
            description = {
                "Sends all messages to a Homer collector, as HEP 3 over UDP, secrets masked. Messages are dropped while",
                "the collector cannot be reached. Default: none."
            })
    private String hep = "";

    @Option(
            names = "--hep-id",
            paramLabel = "N",
            description =
                    "Number by which the collector knows this server, 1 to 2147483647. Default: ${DEFAULT-VALUE}.",
            defaultValue = "1")
    private String hepId = "";

    @Option(
            names = "--hep-key-file",
            paramLabel = "FILE",
            description = "File whose first line is the key that the collector checks. Default: none.")
    private String hepKeyFile = "";

    private final List<WireQueue> parts = new ArrayList<>();

    /**
     * Reads the options; nothing is opened before the parts start.
     *
     * @param components gets the records, which commands and metrics show
     */
    void read(ServerComponents components, List<String> problems) {
        if (!pcap.isEmpty()) {
            readPcap(problems);
        }
        if (!hep.isEmpty()) {
            readHep(problems);
        } else if (!hepKeyFile.isEmpty()) {
            problems.add("--hep-key-file: has no effect without --hep; add --hep HOST:PORT");
        }
        parts.forEach(components::add);
    }

    private void readPcap(List<String> problems) {
        Path file = Path.of(pcap).toAbsolutePath();
        Path directory = file.getParent();
        if (directory == null || !Files.isDirectory(directory) || Files.isDirectory(file)) {
            problems.add("--pcap: " + pcap + " is not a file in an existing directory");
        }
        long size = 0;
        try {
            size = Sizes.parse(pcapSize);
        } catch (IllegalArgumentException e) {
            problems.add("--pcap-size: " + e.getMessage());
            return;
        }
        if (size < SMALLEST_FILE) {
            problems.add("--pcap-size: " + pcapSize + " (expected at least 64k)");
        }
        int files = number("--pcap-files", pcapFiles, 1_000, problems);
        parts.add(RotatingPcap.part(file, size, files));
    }

    private void readHep(List<String> problems) {
        int colon = hep.lastIndexOf(':');
        String host = colon < 0 ? "" : hep.substring(0, colon).replaceAll("^\\[(.*)]$", "$1");
        if (!isHost(host) || !hep.substring(colon + 1).matches("[1-9][0-9]{0,4}") || port(hep, colon) > 65_535) {
            problems.add("--hep: \"" + hep + "\" (expected HOST:PORT, such as 192.0.2.9:9060)");
            return;
        }
        int id = number("--hep-id", hepId, Integer.MAX_VALUE, problems);
        parts.add(HepSender.part(host, port(hep, colon), id, key(problems)));
    }

    /** Underscores are allowed: the name may be that of a container. */
    private static boolean isHost(String text) {
        return HostName.canonical(text.replace('_', '-')) != null
                || IpLiteral.parse(text).isPresent();
    }

    private static int port(String text, int colon) {
        return Integer.parseInt(text.substring(colon + 1));
    }

    private String key(List<String> problems) {
        if (hepKeyFile.isEmpty()) {
            return "";
        }
        try {
            String key = Files.readAllLines(Path.of(hepKeyFile)).stream()
                    .findFirst()
                    .orElse("")
                    .strip();
            if (key.isEmpty()) {
                problems.add("--hep-key-file: the first line of " + hepKeyFile + " is empty");
            }
            return key;
        } catch (IOException e) {
            problems.add("--hep-key-file: " + hepKeyFile + " cannot be read");
            return "";
        }
    }

    private static int number(String option, String text, int most, List<String> problems) {
        try {
            int number = Integer.parseInt(text);
            if (number >= 1 && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        problems.add(option + ": \"" + text + "\" (expected 1 to " + most + ")");
        return 1;
    }

    /** Returns what is not safe. */
    List<String> warnings() {
        return CertificateCheck.readableByOthers("--hep-key-file", hepKeyFile);
    }

    /** Returns the parts that record. */
    List<ServerPart> parts() {
        return List.copyOf(parts);
    }

    /** Returns the line that {@code check} prints. */
    String summary() {
        List<String> lines = new ArrayList<>();
        if (!pcap.isEmpty()) {
            lines.add("pcap files " + pcap + ", " + pcapFiles + " of " + pcapSize);
        }
        if (!hep.isEmpty()) {
            lines.add("HEP to " + hep + " as " + hepId);
        }
        return lines.isEmpty() ? "none" : String.join("; ", lines);
    }
}
