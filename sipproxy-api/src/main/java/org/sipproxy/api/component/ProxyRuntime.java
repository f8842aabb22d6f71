package org.sipproxy.api.component;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipUri;

/** What a running proxy does for its components. All methods may be called by any thread until the component is closed. */
public interface ProxyRuntime {

    /** The bindings. Its methods may block if {@link LocationStore#blocking()} says so. */
    LocationStore locationStore();

    /**
     * The proxy's time: for intervals, and for comparison with the times of bindings. It starts at the wall clock's reading when the proxy
     * is built and then follows the monotonic clock. So it never steps, and it differs from {@link #wallClock()} by as much as the wall
     * clock has been set since.
     */
    Instant now();

    /** The wall clock: for what is written to a database, a header or a log. It may step in either direction; not for intervals. */
    Instant wallClock();

    /** What it listens on, with the ports really bound. */
    List<Endpoint> boundEndpoints();

    /** The domains of the proxy as they are now, in lower case, the first one first. */
    List<String> domains();

    /** True if the URI names this proxy: a domain, an alias, or a listening point (RFC 3261 §16.4). */
    boolean isMyself(SipUri uri);

    /**
     * Sends bytes as they are on a flow: one datagram, or onto the stream. Never blocks; what cannot be sent is counted and
     * forgotten.
     */
    void send(Flow flow, byte[] bytes);

    /**
     * The way to an address that a binding was registered from.
     *
     * @param received the address, such as {@code sip:203.0.113.9:40001} or with {@code ;transport=tcp}; its host is numeric
     * @param socket the listening point that it was received on, such as {@code udp:192.0.2.1:5060}; if it is none of ours,
     *     the one that leads to the address
     * @return nothing if no listening point leads there, or it is a stream whose connection is gone
     */
    Optional<Flow> flow(SipUri received, String socket);

    /**
     * Derives a key of 32 bytes from the proxy's secret ({@code SipProxyBuilder.secret}), for what a component signs and the network
     * brings back. The same secret and purpose give the same key, after a restart and in another proxy with that secret. Keys of
     * different purposes have nothing in common. Without a secret of the host's, the key is valid until the proxy is closed.
     *
     * @param purpose what the key is for, such as {@code contact alias}; not empty
     * @throws IllegalArgumentException if {@code purpose} is empty
     */
    byte[] key(String purpose);

    /** How a flow's listening point is named in Via and Record-Route: {@code 192.0.2.1:5060}. */
    String sentBy(Flow flow);

    /**
     * Runs a task once, {@code delay} from now, on the proxy's timer thread, which everything else waits for: a task must not
     * block and takes microseconds. It does not run any more once the proxy closes. An exception is logged.
     */
    void schedule(Duration delay, Runnable task);

    /** Tells the listeners. */
    void publish(SecurityEvent event);
}
