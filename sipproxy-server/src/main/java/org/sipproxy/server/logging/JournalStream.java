package org.sipproxy.server.logging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds out whether stderr leads to the journal of systemd (systemd.exec(5), {@code JOURNAL_STREAM}). */
final class JournalStream {

    private JournalStream() {}

    static boolean isStderr() {
        return leadsTo(System.getenv("JOURNAL_STREAM"), Path.of("/proc/self/fd/2"));
    }

    /**
     * Returns true if an open file is that of the journal. The variable alone is not a proof, because children whose
     * output was redirected inherit it.
     *
     * @param journal device and inode, such as {@code 8:1234}; null if the variable is not set
     */
    static boolean leadsTo(@Nullable String journal, Path file) {
        if (journal == null) {
            return false;
        }
        try {
            return journal.equals(Files.getAttribute(file, "unix:dev") + ":" + Files.getAttribute(file, "unix:ino"));
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return false; // not Linux
        }
    }
}
