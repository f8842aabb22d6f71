package org.sipproxy.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.server.config.Section;
import org.sipproxy.server.part.ServerPart;
import org.sipproxy.server.web.HealthRoutes;
import org.sipproxy.server.web.WebMetrics;
import org.sipproxy.server.web.WebServer;
import picocli.CommandLine.Option;

/** Options for the HTTP interface, kept as text like those of {@link ProxyOptions}. */
@Section("Metrics, health and pages over HTTP")
final class WebOptions {

    private static final String WEB = "--web";
    private static final String TOKEN_FILE = "--web-token-file";

    @Option(
            names = WEB,
            paramLabel = "HOST:PORT",
            description = {
                "Serves /metrics (for Prometheus) and /health, /health/live and /health/ready (JSON) over HTTP, such"
                        + " as",
                "at 127.0.0.1:8080. Another address than that of a loopback interface needs --web-token-file.",
                "Default: no web server."
            })
    String web = "";

    @Option(
            names = TOKEN_FILE,
            paramLabel = "FILE",
            description = {
                "File with the token of clients of --web, which send \"Authorization: Bearer TOKEN\": 32 to 2048",
                "hexadecimal digits in one line, readable by this user only. The first start creates it.",
                "Default: no token."
            })
    String tokenFile = "";

    private @Nullable WebServer server;

    /**
     * Adds the metrics to the builder, and errors to {@code problems}. Resolves the host.
     *
     * @param serves true if the proxy is going to run: only then a missing file is created
     */
    void addTo(SipProxyBuilder builder, Optional<Database> database, boolean serves, List<String> problems) {
        if (web.isEmpty()) {
            if (!tokenFile.isEmpty()) {
                problems.add(TOKEN_FILE + ": has no effect without --web; add --web 127.0.0.1:8080 or omit it");
            }
            return;
        }
        Optional<InetSocketAddress> address = address(problems);
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
            WebServer.Contents contents = (routes, proxy) -> {
                metrics.addTo(routes);
                HealthRoutes.addTo(routes, proxy);
            };
            server = token.map(text -> WebServer.withToken(address.get(), text, contents))
                    .orElseGet(() -> WebServer.onLoopback(address.get(), contents));
        }
    }

    private Optional<InetSocketAddress> address(List<String> problems) {
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
            problems.add(WEB + ": " + web + ": the host is not known; use an address of this machine");
            return Optional.empty();
        }
        problems.add(WEB + ": \"" + web + "\" (expected HOST:PORT, such as 127.0.0.1:8080; IPv6 in brackets)");
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
