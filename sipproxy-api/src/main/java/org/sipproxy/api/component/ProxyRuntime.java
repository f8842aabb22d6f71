package org.sipproxy.api.component;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.Calls;
import org.sipproxy.api.client.RequestClient;
import org.sipproxy.api.event.DatabaseCall;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.status.ProxyHealth;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipUri;

/**
 * A running proxy as its components see it. All methods may be called by any thread until the component is closed.
 *
 * <p>Not for implementation by host applications: methods may be added in a minor version. Unit tests use {@code
 * FakeRuntime} of {@code sipproxy-testkit}.
 */
public interface ProxyRuntime {

    /** Returns the location store. Its methods may block; {@link LocationStore#blocking()} says which. */
    LocationStore locationStore();

    /**
     * Returns the proxy's time, for intervals and for comparison with the times of bindings. It starts at the wall
     * clock's reading when the proxy is built, and then follows the monotonic clock. It therefore never jumps, and it
     * differs from {@link #wallClock()} by as much as the wall clock has been set since.
     */
    Instant now();

    /**
     * Returns the wall clock's time, for what is written to a database, a header or a log. It may jump in either
     * direction, so do not measure intervals with it.
     */
    Instant wallClock();

    /** Returns the listening points, each with the port that is actually bound. */
    List<Endpoint> boundEndpoints();

    /** Returns the current domains of the proxy in lower case, the primary domain first. */
    List<String> domains();

    /** Returns true if the URI names this proxy: a domain, an alias, or a listening point (RFC 3261 §16.4). */
    boolean isMyself(SipUri uri);

    /**
     * Sends bytes unchanged on a flow: as one datagram, or on the stream. Never blocks. Bytes that cannot be sent are
     * counted and dropped.
     */
    void send(Flow flow, byte[] bytes);

    /**
     * Returns the client for requests of the component. Responses are received only after all components have started.
     */
    RequestClient requests();

    /** Returns the calls; empty if the host application has not set {@code SipProxyBuilder.calls}. */
    Optional<Calls> calls();

    /**
     * Returns the components of the proxy in the order in which they run, for a component that looks for others by an
     * interface. May be called at any time, by any thread.
     */
    List<ProxyComponent> components();

    /** Returns the current counters. May be called at any time, by any thread. */
    ProxyStatistics statistics();

    /** Returns whether the proxy serves everything. May be called at any time, by any thread. */
    ProxyHealth health();

    /** Returns the state of the location store and its database. May be called at any time, by any thread. */
    StoreStatus storeStatus();

    /**
     * Returns the flow to an address that a binding was registered from.
     *
     * @param received the address, such as {@code sip:203.0.113.9:40001} or with {@code ;transport=tcp}; its host is
     *     numeric
     * @param socket the listening point that it was received on, such as {@code udp:192.0.2.1:5060}. If it is null or
     *     this proxy does not have it, the one that leads to the address is used
     * @param seenAt when the client was seen at the address, such as
     *     {@link org.sipproxy.api.location.Binding#updatedAtMillis()}, in the time of {@link #now()}. A connection that
     *     was accepted from the address later is another flow: a NAT may have given the port to another client
     * @return empty if no listening point leads there, or if it is a stream transport whose connection is closed
     */
    Optional<Flow> flow(SipUri received, @Nullable Endpoint socket, Instant seenAt);

    /**
     * Finds the addresses to which a request for a URI would be sent, in the order in which they would be tried (RFC
     * 3263 §4): a name without a port by its NAPTR and SRV records, otherwise by its addresses. At most 16. Does not
     * block.
     *
     * @return fails with {@link java.net.UnknownHostException} if there are none that this proxy can send to, after 5 s
     *     at the latest. Its dependent actions run on a thread of the proxy: they must not block
     */
    CompletableFuture<List<InetSocketAddress>> resolve(SipUri uri);

    /**
     * Derives a key of 32 bytes from the proxy's secret ({@code SipProxyBuilder.secret}), for what a component signs
     * and later receives back from the network. The same secret and purpose give the same key, after a restart and in
     * another proxy with that secret. Keys of different purposes are unrelated. If the host set no secret, the key is
     * valid until the proxy is closed.
     *
     * @param purpose what the key is for, such as {@code contact alias}; not empty
     * @throws IllegalArgumentException if {@code purpose} is empty
     */
    byte[] key(String purpose);

    /** Returns how Via and Record-Route name the flow's listening point, such as {@code 192.0.2.1:5060}. */
    String sentBy(Flow flow);

    /**
     * Runs a task once after {@code delay}, on the proxy's timer thread. The task must not block and should take
     * microseconds, because all other timers wait for it. It is not run once the proxy closes. An exception is logged.
     */
    void schedule(Duration delay, Runnable task);

    /**
     * Returns a thread named {@code <proxy>-<role>}, such as {@code sipproxy-accounting}. It comes from the host
     * application's {@code SipProxyBuilder.threadFactory}, or is a daemon if there is none. Does not start it. The
     * component ends its threads in {@link ProxyComponent#close}.
     *
     * @param role what the thread is for, in lower case with hyphens; a component with several threads of one role
     *     numbers them
     * @throws IllegalArgumentException if {@code role} is empty
     * @throws IllegalStateException if the host application's factory returns null
     */
    Thread newThread(String role, Runnable task);

    /** Notifies the listeners of an event. */
    void publish(SecurityEvent event);

    /** Notifies the listeners of an operation on a database. */
    void publish(DatabaseCall call);
}
