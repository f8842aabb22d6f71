package org.sipproxy.server.operations;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.control.ControlMethods;
import org.sipproxy.server.part.ServerPart;

/** Operations of the server, on the control channel and as MXBeans while the proxy serves. */
public final class OperationsPart implements ServerPart {

    private final ServerComponents components;
    private final ControlMethods methods;
    private final String version;
    private final Runnable stop;
    private @Nullable ManagementBeans beans;

    /** Creates the part; for the parameters see {@link ServerOperations}. */
    public OperationsPart(ServerComponents components, ControlMethods methods, String version, Runnable stop) {
        this.components = components;
        this.methods = methods;
        this.version = version;
        this.stop = stop;
    }

    @Override
    public void start(SipProxy proxy) {
        ServerOperations operations = new ServerOperations(proxy, components, version, () -> StopThread.start(stop));
        RpcMethods.register(operations, methods);
        beans = ManagementBeans.register(operations);
    }

    @Override
    public void stop() {
        ManagementBeans registered = beans;
        if (registered != null) {
            registered.unregister();
        }
    }
}
