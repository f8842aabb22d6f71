package org.sipproxy.server.control;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.part.ServerPart;
import org.sipproxy.server.part.ServerPartException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Control channel as a part of the server. Commands connect to it. */
public final class ControlChannel implements ServerPart {

    private static final Logger LOG = LoggerFactory.getLogger(ControlChannel.class);

    /** Name of the socket in its default directory. */
    public static final String FILE = "control.sock";

    private static final String OPTION = "--control";

    private final Path path;
    private final boolean isRequired;
    private final ControlMethods methods;
    private @Nullable ControlServer server;

    /**
     * Creates a channel.
     *
     * @param path the socket
     * @param isRequired false if the server runs without a channel if this path cannot be used
     */
    public ControlChannel(Path path, boolean isRequired, ControlMethods methods) {
        this.path = path;
        this.isRequired = isRequired;
        this.methods = methods;
    }

    @Override
    public void start(SipProxy proxy) {
        try {
            server = ControlServer.start(ControlSocket.bind(path), methods, ControlLimits.DEFAULT);
            LOG.info("control channel: {} ({})", path, OPTION);
        } catch (ControlSocketException e) {
            fail(e.getMessage());
        } catch (IOException e) {
            fail("cannot be served: " + e.getMessage());
        }
    }

    private void fail(@Nullable String reason) {
        String text = OPTION + ": " + path + " " + reason;
        if (isRequired) {
            throw new ServerPartException(text);
        }
        LOG.warn("no control channel, so commands cannot reach this server: {}", text);
    }

    @Override
    public void stop() {
        ControlServer open = server;
        if (open != null) {
            open.close();
        }
    }
}
