package org.sipproxy.api.component;

import java.util.List;
import org.sipproxy.api.config.ConfigurationProblem;

/**
 * An add-on that takes part in a proxy at several places: NAT traversal, an access list, accounting. The host
 * application passes it to the builder as one object, so that its parts cannot be configured separately.
 *
 * <p>One component serves one proxy. {@code build()} calls {@link #install} and {@link #problems} once, {@link #start}
 * is called once when the proxy starts, {@link #stopping} once when it begins to close, and {@link #close} once when it
 * has stopped. These calls never overlap.
 */
public interface ProxyComponent extends AutoCloseable {

    /** Returns the component's name for logs and error messages. Default: the simple class name. */
    default String name() {
        return getClass().getSimpleName();
    }

    /**
     * Returns what must differ between the components of one proxy: two with equal identities would do the same work
     * twice, and {@code build()} reports them. Default: this object.
     */
    default Object identity() {
        return this;
    }

    /** Order in which the components of a proxy run, regardless of the order in which the host adds them. */
    enum Phase {
        /** Decides who may send and who is trusted. Components of the later phases rely on its decision. */
        ACCESS,
        /** Limits the traffic of permitted senders. */
        LIMITS,
        /** Everything else, in the order in which it was added. */
        SERVICE
    }

    /** Returns the phase in which the component runs. Default {@link Phase#SERVICE}. */
    default Phase phase() {
        return Phase.SERVICE;
    }

    /**
     * Registers the component's parts. Opens no sockets, threads or connections.
     *
     * @throws IllegalArgumentException if the component's options do not fit together; {@code build()} reports it
     *     together with all other problems
     */
    void install(ComponentHooks hooks);

    /**
     * Returns the problems of the component's options with the proxy or its other components. Called once, when all
     * components are installed; {@code build()} fails if there is one. Default: none.
     */
    default List<ConfigurationProblem> problems(ProxySetup proxy) {
        return List.of();
    }

    /**
     * Starts the component. The listening points are bound, and nothing has been received yet. May block, for example
     * to read from a database: the proxy starts to serve when every component has started.
     *
     * @throws RuntimeException if the component cannot work; the proxy then does not start
     */
    default void start(ProxyRuntime proxy) {}

    /**
     * Called when the proxy begins to close, before it waits for the requests in progress. Requests that the component
     * sends now are still delivered, such as those that end a registration or a subscription: the proxy waits for their
     * responses for at most its drain time. Must not block. Not called if the start of the component failed. An
     * exception is logged. Default: does nothing.
     */
    default void stopping() {}

    /** Releases what the component opened. The proxy has stopped and sends nothing more. */
    @Override
    default void close() {}
}
