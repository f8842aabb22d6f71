package org.sipproxy.server;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.sipproxy.server.config.Section;
import org.sipproxy.server.control.ControlChannel;
import org.sipproxy.server.control.ControlMethods;
import org.sipproxy.server.part.ServerDirectories;
import org.sipproxy.server.part.ServerPart;
import picocli.CommandLine.Option;

/** Option for the control channel of {@code run}, kept as text like those of {@link ProxyOptions}. */
@Section("Control channel")
final class ControlOptions {

    private static final String NONE = "none";

    @Option(
            names = "--control",
            paramLabel = "PATH",
            description = {
                "Socket for the commands that show and change this server, such as status; none: no such socket.",
                "Only this user may connect. Default: control.sock in $RUNTIME_DIRECTORY, in $XDG_RUNTIME_DIR/sipproxy",
                "or in ~/.local/state/sipproxy."
            })
    private String control = "";

    /** Methods of the channel, to which parts of the server add theirs. */
    final ControlMethods methods = new ControlMethods();

    /** Adds a problem if the path cannot be one. */
    void check(List<String> problems) {
        try {
            path();
        } catch (InvalidPathException e) {
            problems.add("--control: \"" + control + "\" is not a path");
        }
    }

    /** Returns the channel; empty for {@code none}. */
    Optional<ServerPart> part() {
        return control.equals(NONE)
                ? Optional.empty()
                : Optional.of(new ControlChannel(path(), !control.isEmpty(), methods));
    }

    private Path path() {
        return control.isEmpty()
                ? new ServerDirectories(System.getenv()).runtime().resolve(ControlChannel.FILE)
                : Path.of(control);
    }

    /** Returns the line that {@code check} prints. */
    String summary() {
        return control.equals(NONE) ? "none" : path().toString();
    }
}
