package org.sipproxy.server.part;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Directories of a server's own files, from the environment that systemd or the user's session sets. */
public final class ServerDirectories {

    private static final String NAME = "sipproxy";
    /** Used if the user has no home directory, as a user of a container without a name. */
    private static final Path WITHOUT_HOME = Path.of("/var/lib", NAME);

    private final Map<String, String> environment;
    /** Home directory of the user; the JDK has {@code ?} if there is none. */
    private final Path home;

    public ServerDirectories(Map<String, String> environment) {
        this(environment, Path.of(System.getProperty("user.home")));
    }

    ServerDirectories(Map<String, String> environment, Path home) {
        this.environment = Map.copyOf(environment);
        this.home = home;
    }

    /**
     * Returns the directory for files that outlive the process: {@code $STATE_DIRECTORY}, otherwise {@code sipproxy}
     * in {@code $XDG_STATE_HOME} or in {@code ~/.local/state}, or {@code /var/lib/sipproxy} without a home directory.
     */
    public Path state() {
        return first("STATE_DIRECTORY")
                .or(() -> path("XDG_STATE_HOME").map(directory -> directory.resolve(NAME)))
                .or(() -> ofHome(".local", "state", NAME))
                .orElse(WITHOUT_HOME);
    }

    /** Returns the directory for caches: {@code ~/.cache/sipproxy}, otherwise {@link #state}. */
    public Path cache() {
        return ofHome(".cache", NAME).orElseGet(this::state);
    }

    private Optional<Path> ofHome(String... names) {
        return home.isAbsolute() ? Optional.of(home.resolve(String.join(File.separator, names))) : Optional.empty();
    }

    /**
     * Returns the directory for sockets: {@code $RUNTIME_DIRECTORY}, otherwise {@code sipproxy} in {@code
     * $XDG_RUNTIME_DIR}, otherwise {@link #state}.
     */
    public Path runtime() {
        return first("RUNTIME_DIRECTORY").or(this::ofSession).orElseGet(this::state);
    }

    /**
     * Returns the directories in which a command looks for the socket of a server: {@link #runtime}, that of the
     * service, that of the user's session, and {@link #state}.
     */
    public List<Path> runtimes() {
        List<Path> all = new ArrayList<>(List.of(runtime(), Path.of("/run", NAME)));
        ofSession().ifPresent(all::add);
        all.add(state());
        return all.stream().distinct().toList();
    }

    private Optional<Path> ofSession() {
        return path("XDG_RUNTIME_DIR").map(directory -> directory.resolve(NAME));
    }

    /** Returns the first of several directories, which systemd separates by colons. */
    private Optional<Path> first(String variable) {
        return path(variable).map(all -> Path.of(all.toString().split(":", 2)[0]));
    }

    private Optional<Path> path(String variable) {
        String value = environment.getOrDefault(variable, "");
        return value.isEmpty() ? Optional.empty() : Optional.of(Path.of(value));
    }
}
