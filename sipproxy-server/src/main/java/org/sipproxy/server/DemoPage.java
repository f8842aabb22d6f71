package org.sipproxy.server;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.server.demo.FirstRegistration;
import org.sipproxy.server.operations.ServerComponents;
import org.sipproxy.server.part.ServerPartException;
import org.sipproxy.server.web.WebContents;
import org.sipproxy.server.web.WebMetrics;
import org.sipproxy.server.web.WebServer;

/** Web page of the demo, on a loopback address. */
final class DemoPage {

    private static final String WEB = "--web";
    private static final String NONE = "none";
    private static final String USUAL = "127.0.0.1:8080";

    private final Optional<InetSocketAddress> address;
    private final boolean isUsual;
    private final ServerComponents components = new ServerComponents();
    private final WebMetrics metrics = new WebMetrics();
    private @Nullable WebServer server;

    private DemoPage(Optional<InetSocketAddress> address, boolean isUsual) {
        this.address = address;
        this.isUsual = isUsual;
    }

    /**
     * Reads the option, and adds errors to {@code problems}.
     *
     * @param web the value; empty for the default
     */
    static DemoPage of(String web, List<String> problems) {
        if (web.equals(NONE)) {
            return new DemoPage(Optional.empty(), false);
        }
        Optional<InetSocketAddress> address = WebOptions.address(WEB, web.isEmpty() ? USUAL : web, problems);
        if (address.isPresent() && !address.get().getAddress().isLoopbackAddress()) {
            problems.add(
                    WEB + ": " + web + " can be reached from other machines, but the page of the demo has no token;"
                            + " use " + WEB + " 127.0.0.1:" + address.get().getPort() + " or the command run");
        }
        return new DemoPage(address, web.isEmpty());
    }

    /** Adds what the page shows to the builder of the demo's proxy. */
    void addTo(SipProxyBuilder builder) {
        if (address.isEmpty()) {
            return;
        }
        components.countResponses();
        metrics.addTo(builder);
        builder.component(components).calls(CallSettings.DEFAULT);
    }

    /**
     * Starts the page, if there is one. If the usual port is taken, it uses a free one.
     *
     * @throws ServerPartException if the port that was asked for is taken
     */
    void start(SipProxy proxy) {
        if (address.isPresent()) {
            try {
                start(address.get(), proxy);
            } catch (ServerPartException e) {
                if (!isUsual) {
                    throw e;
                }
                start(new InetSocketAddress(address.get().getAddress(), 0), proxy);
            }
        }
    }

    private void start(InetSocketAddress at, SipProxy proxy) {
        WebContents contents = new WebContents(components, Launcher.version(), metrics, FirstRegistration.softphone());
        WebServer started = WebServer.onLoopback(at, List.of(), contents);
        started.start(proxy);
        server = started;
    }

    /** Returns the URL; empty if there is no page. */
    Optional<String> url() {
        return Optional.ofNullable(server).map(WebServer::url);
    }

    void stop() {
        WebServer started = server;
        if (started != null) {
            started.stop();
        }
    }
}
