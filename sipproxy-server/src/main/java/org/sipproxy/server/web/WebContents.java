package org.sipproxy.server.web;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.flow.LiveRecording;
import org.sipproxy.server.operations.ServerComponents;
import org.sipproxy.server.operations.ServerOperations;

/** All that a server shows over HTTP: the page with its data, health, and metrics. */
public final class WebContents implements WebServer.Contents {

    private final ServerComponents components;
    private final String version;
    private final WebMetrics metrics;
    private final Softphone softphone;
    private @Nullable LiveRecording recording;

    /**
     * Creates the contents.
     *
     * @param components the components of the proxy; one of them is this object itself
     * @param version the version of the server
     * @param metrics the metrics, which were added to the proxy's builder
     * @param softphone what the page shows to a reader without a registered phone
     */
    public WebContents(ServerComponents components, String version, WebMetrics metrics, Softphone softphone) {
        this.components = components;
        this.version = version;
        this.metrics = metrics;
        this.softphone = softphone;
    }

    @Override
    public void addTo(WebRoutes routes, SipProxy proxy) {
        metrics.addTo(routes);
        HealthRoutes.addTo(routes, proxy);
        PageFiles.addTo(routes);
        LiveRecording messages = new LiveRecording(proxy, LiveRecording.Limits.DEFAULT);
        recording = messages;
        ServerOperations operations = new ServerOperations(proxy, components, version, () -> {}); // never stops it
        ApiRoutes.addTo(routes, operations, messages, softphone);
    }

    @Override
    public void close() {
        LiveRecording open = recording;
        if (open != null) {
            open.close();
        }
    }
}
