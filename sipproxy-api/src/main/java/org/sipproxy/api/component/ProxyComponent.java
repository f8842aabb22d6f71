package org.sipproxy.api.component;

/**
 * An add-on that takes part in a proxy at several places: NAT traversal, an access list, accounting. A host hands it to the
 * builder as one object, so that its parts cannot be configured apart.
 *
 * <p>One component serves one proxy. {@link #install} is called once by {@code build()}, {@link #start} once when the proxy
 * starts, {@link #close} once when it has stopped; none of them overlaps with another.
 */
public interface ProxyComponent extends AutoCloseable {

    /** What it is called in logs and errors. Default the simple class name. */
    default String name() {
        return getClass().getSimpleName();
    }

    /** In which order the components of a proxy are asked, whatever order the host adds them in. */
    enum Phase {
        /** Decides who may send at all and who is trusted. The others ask for its decision. */
        ACCESS,
        /** Limits what those who may send send. */
        LIMITS,
        /** Anything else, in the order in which it was added. */
        SERVICE
    }

    /** When it is asked. Default {@link Phase#SERVICE}. */
    default Phase phase() {
        return Phase.SERVICE;
    }

    /**
     * Says where the component takes part. It opens nothing.
     *
     * @throws IllegalArgumentException if its options do not fit together; {@code build()} tells it with all other problems
     */
    void install(ComponentHooks hooks);

    /**
     * The listening points are bound and nothing has been received yet. What takes time (a database to read) may be done here:
     * the proxy serves when every component has started.
     *
     * @throws RuntimeException if it cannot work; the proxy then does not start
     */
    default void start(ProxyRuntime proxy) {}

    /** The proxy has stopped and sends nothing any more. Releases what the component opened itself. */
    @Override
    default void close() {}
}
