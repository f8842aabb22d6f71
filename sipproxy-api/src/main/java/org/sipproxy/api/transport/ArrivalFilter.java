package org.sipproxy.api.transport;

import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * A filter that decides from the source address alone, before anything is parsed or allocated. It runs on receiver
 * threads for everything that arrives, including floods. It must not block, log on each call, or remember every source.
 * If it throws, the message or connection is dropped.
 */
public interface ArrivalFilter {

    /**
     * Returns the filter's name, as operators know it: the reason of what it drops is {@code filtered on arrival by}
     * and this name. Called once, when the proxy is built. Default: the class name without its package; for a lambda
     * that of the class that contains it.
     */
    default String name() {
        String name = getClass().getName();
        int lambda = name.indexOf("$$Lambda");
        String type = lambda < 0 ? name : name.substring(0, lambda);
        return type.substring(type.lastIndexOf('.') + 1);
    }

    /**
     * Returns true if a message is processed, false if it is dropped.
     *
     * @param flow the flow that the message arrived on
     * @param length the length of the message, in bytes
     */
    boolean accepts(Flow flow, int length);

    /**
     * Returns true if a connection is accepted. Default true.
     *
     * @param remote the address of the client
     * @param endpoint the listening point that it connects to
     */
    default boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
        return true;
    }

    /**
     * Returns what {@link #accepts} would decide, without counting or changing anything, for {@code SipProxy.explain}.
     * Called on the thread of the caller of {@code explain}. Default empty: the filter is passed over.
     */
    default Optional<ArrivalDecision> rehearse(Flow flow, int length) {
        return Optional.empty();
    }
}
