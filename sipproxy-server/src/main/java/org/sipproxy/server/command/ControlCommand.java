package org.sipproxy.server.command;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.sipproxy.server.control.ControlChannel;
import org.sipproxy.server.control.ControlClient;
import org.sipproxy.server.control.ControlException;
import org.sipproxy.server.json.Json;
import org.sipproxy.server.part.ServerDirectories;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Base of the commands that use the control channel of a running server. */
public abstract class ControlCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--control",
            paramLabel = "PATH",
            description = {
                "Socket of the server, as given to run. Default: the first control.sock where a server listens in",
                "$RUNTIME_DIRECTORY, /run/sipproxy, $XDG_RUNTIME_DIR/sipproxy and ~/.local/state/sipproxy."
            })
    private String control = "";

    @Option(names = "--json", description = "Prints results and errors to stdout as JSON, for programs.")
    private boolean json;

    /**
     * Runs the command and returns its exit status.
     *
     * @throws ControlException as the client's methods; it is reported
     * @throws IOException as the client's methods; it is reported
     */
    protected abstract int run(ControlClient server) throws IOException;

    @Override
    public final Integer call() {
        List<Path> sockets = sockets();
        if (sockets.isEmpty()) {
            return fail(
                    ExitStatus.UNREACHABLE,
                    "no server is running for this user: no " + ControlChannel.FILE + " in "
                            + directories().stream().map(Path::toString).collect(Collectors.joining(", "))
                            + "; start one with run, or name its socket with --control");
        }
        String problem = "";
        for (Path socket : sockets) {
            ControlClient server;
            try {
                server = ControlClient.connect(socket);
            } catch (IOException e) { // a server that was killed leaves its socket behind
                problem = problem.isEmpty() ? unreachable(socket, e) : problem;
                continue;
            }
            return run(server, socket);
        }
        return fail(ExitStatus.UNREACHABLE, problem);
    }

    private int run(ControlClient server, Path socket) {
        try (server) {
            return run(server);
        } catch (ControlException e) {
            return fail(
                    e.kind() == ControlException.Kind.INVALID_PARAMS ? ExitStatus.MISCONFIGURED : ExitStatus.FAILED,
                    e.text());
        } catch (IOException e) {
            return fail(ExitStatus.UNREACHABLE, "--control: " + socket + ": " + e.getMessage());
        }
    }

    private List<Path> sockets() {
        return control.isEmpty()
                ? directories().stream()
                        .map(directory -> directory.resolve(ControlChannel.FILE))
                        .filter(Files::exists)
                        .toList()
                : List.of(Path.of(control));
    }

    private static List<Path> directories() {
        return new ServerDirectories(System.getenv()).runtimes();
    }

    private static String unreachable(Path socket, IOException e) {
        String what = "--control: " + socket + ": ";
        if (!Files.exists(socket)) {
            return what + "no such socket; start a server with run --control " + socket;
        }
        if (e instanceof AccessDeniedException || !Files.isWritable(socket)) {
            return what + "this user may not use it; run the command as the user of the server, such as with sudo -u";
        }
        return what + "no server listens there (" + e.getMessage() + "); it has ended, start it again with run";
    }

    /** Returns true if results are to be JSON. */
    protected final boolean isJson() {
        return json;
    }

    /** Prints the result as text, or with {@code --json} as JSON, and returns success. */
    protected final int succeed(String text, Object result) {
        out().println(json ? Json.of(result) : text);
        out().flush();
        return ExitStatus.OK;
    }

    /** Reports a failure, with {@code --json} also as JSON, and returns the status. */
    protected final int fail(int status, String problem) {
        if (json) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("error", List.of(problem));
            result.put("status", status);
            out().println(Json.of(result));
            out().flush();
        }
        warn(problem);
        return status;
    }

    /** Prints a line to stderr. */
    protected final void warn(String text) {
        PrintWriter err = spec.commandLine().getErr();
        err.println("sipproxy: " + text);
        err.flush();
    }

    /** Returns stdout. */
    protected final PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
