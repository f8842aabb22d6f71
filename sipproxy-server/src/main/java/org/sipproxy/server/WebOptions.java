package org.sipproxy.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.server.config.Section;
import org.sipproxy.server.operations.ServerComponents;
import org.sipproxy.server.part.ServerPart;
import org.sipproxy.server.web.Softphone;
import org.sipproxy.server.web.WebContents;
import org.sipproxy.server.web.WebMetrics;
import org.sipproxy.server.web.WebServer;
import picocli.CommandLine.Option;

/** Options for the HTTP interface, kept as text like those of {@link ProxyOptions}. */
@Section("Page, metrics and health over HTTP")
final class WebOptions {

    private static final String WEB = "--web";
    private static final String TOKEN_FILE = "--web-token-file";
    private static final String NAME = "--web-name";

    @Option(
            names = WEB,
            paramLabel = "HOST:PORT",
            description = {
                "Serves a page with registrations, calls, messages as they happen, statistics and health over HTTP, such"
                        + " as",
                "at 127.0.0.1:8080; and /metrics (for Prometheus), /health, /health/live and /health/ready (JSON).",
                "Another address than that of a loopback interface needs --web-token-file. Default: no web server."
            })
    String web = "";

    @Option(
            names = TOKEN_FILE,
            paramLabel = "FILE",
            description = {
                "File with the token of clients of --web: 32 to 2048 hexadecimal digits in one line, readable by this user",
                "only. The page asks for it; others send \"Authorization: Bearer TOKEN\". The first start creates it.",
                "Default: no token."
            })
    String tokenFile = "";

    @Option(
            names = NAME,
            paramLabel = "NAME",
            description = {
                "Another name than localhost under which browsers reach --web on a loopback address, such as that of a",
                "reverse proxy that decides who may read. May be repeated. Default: none."
            })
    List<String> names = new ArrayList<>();

    private @Nullable WebServer server;

    /**
     * Adds the metrics to the builder, and errors to {@code problems}. Resolves the host.
     *
     * @param serves true if the proxy is going to run: only then a missing file is created
     */
    void addTo(
            SipProxyBuilder builder,
            ServerComponents components,
            Optional<Database> database,
            boolean serves,
            List<String> problems) {
        if (web.isEmpty()) {
            if (!tokenFile.isEmpty()) {
                problems.add(TOKEN_FILE + ": has no effect without --web; add --web 127.0.0.1:8080 or omit it");
            }
            if (!names.isEmpty()) {
                problems.add(NAME + ": has no effect without --web; add --web 127.0.0.1:8080 or omit it");
            }
            return;
        }
        checkNames(problems);
        Optional<InetSocketAddress> address = address(WEB, web, problems);
        Optional<String> token = token(serves, problems);
        if (address.isEmpty() || (token.isEmpty() && !tokenFile.isEmpty())) {
            return;
        }
        boolean isLoopback = address.get().getAddress().isLoopbackAddress();
        if (!isLoopback && token.isEmpty()) {
            problems.add(WEB + ": " + web + " can be reached from other machines; add --web-token-file FILE, which is"
                    + " created, or use --web 127.0.0.1:" + address.get().getPort());
            return;
        }
        if (serves) {
            WebMetrics metrics = new WebMetrics();
            metrics.addTo(builder);
            database.ifPresent(open -> metrics.addPool(open.dataSource()));
            components.countResponses();
            WebContents contents = new WebContents(components, Launcher.version(), metrics, Softphone.KNOWN);
            server = token.map(text -> WebServer.withToken(address.get(), text, contents))
                    .orElseGet(() -> WebServer.onLoopback(address.get(), names, contents));
        }
    }

    private void checkNames(List<String> problems) {
        if (!names.isEmpty() && !tokenFile.isEmpty()) {
            problems.add(NAME + ": has no effect with " + TOKEN_FILE + ", which allows any name; omit it");
        }
        for (String name : names) {
            if (!name.matches("[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")) {
                problems.add(NAME + ": \"" + name + "\" (expected a host name without a port)");
            }
        }
    }

    /** Returns the address in the value of an option, whose host is resolved, and adds errors to {@code problems}. */
    static Optional<InetSocketAddress> address(String option, String web, List<String> problems) {
        int colon = web.lastIndexOf(':');
        try {
            String host = web.substring(0, Math.max(0, colon));
            int port = Integer.parseInt(web.substring(colon + 1));
            boolean isPlain = !host.isEmpty() && (host.indexOf(':') < 0 || host.startsWith("["));
            if (isPlain && port >= 0 && port <= 65_535) {
                return Optional.of(new InetSocketAddress(InetAddress.getByName(host), port));
            }
        } catch (NumberFormatException e) {
            // reported below
        } catch (UnknownHostException e) {
            problems.add(option + ": " + web + ": the host is not known; use an address of this machine");
            return Optional.empty();
        }
        problems.add(option + ": \"" + web + "\" (expected HOST:PORT, such as 127.0.0.1:8080; IPv6 in brackets)");
        return Optional.empty();
    }

    private Optional<String> token(boolean serves, List<String> problems) {
        if (tokenFile.isEmpty()) {
            return Optional.empty();
        }
        try {
            SecretFile file = new SecretFile(Path.of(tokenFile));
            if (!serves && !file.exists()) {
                return Optional.of(""); // check: the first start creates it
            }
            return Optional.of(HexFormat.of().formatHex(serves ? file.readOrCreate() : file.read()));
        } catch (IOException | InvalidPathException e) {
            problems.add(TOKEN_FILE + ": " + tokenFile + " " + Launcher.messageOf(e));
            return Optional.empty();
        }
    }

    /** Returns true if there is a web server. */
    boolean isOn() {
        return !web.isEmpty();
    }

    /** Returns the web server, after {@link #addTo}. */
    Optional<ServerPart> part() {
        return Optional.ofNullable(server);
    }

    /** Returns the line that {@code check} prints. */
    String summary() {
        return web.isEmpty() ? "none" : "http " + web + (tokenFile.isEmpty() ? "" : ", with the token of " + tokenFile);
    }
}
