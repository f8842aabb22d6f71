package org.sipproxy.server.database;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Cause of a failure of {@code initdb}. The library that runs it does not return its output. */
final class InitDb {

    private static final String NEEDS =
            "initdb failed; it needs its binaries for this platform in the jar and, as root, a kernel that allows"
                    + " unshare -U";

    private InitDb() {}

    /** Returns true if the directory holds a cluster. */
    static boolean isCluster(Path data) {
        return Files.exists(data.resolve("PG_VERSION"));
    }

    /** Runs {@code initdb} again on a directory that it has refused, and returns its error text. */
    static String whyNot(Path data, Path binaries) {
        try {
            List<Path> programs = EmbeddedAccess.programs(binaries, "initdb");
            if (programs.isEmpty()) {
                return NEEDS;
            }
            List<String> command = new ArrayList<>(EmbeddedAccess.prefix());
            command.addAll(List.of(programs.get(0).toString(), "-U", EmbeddedAccess.SUPERUSER, "-D", data.toString()));
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return said.lines()
                    .filter(line -> line.contains("error:") || line.contains("FATAL:"))
                    .findFirst()
                    .map(error -> error.strip() + "; name a directory that is empty or does not exist")
                    .orElse(NEEDS);
        } catch (IOException e) {
            return NEEDS + ": " + e.getMessage();
        }
    }
}
