package org.sipproxy.core.internal.address;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.message.HostName;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.SipUri;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Policy of the addresses that messages may be sent to, according to {@link ContactPolicy}. This is the only check, for
 * requests, responses and registrations. Thread-safe.
 */
public final class AddressPolicy {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.ROUTING);

    private final FailureLog refusals = new FailureLog(Duration.ofSeconds(10));
    private volatile ContactPolicy policy;
    private final Predicate<SipUri> isMyself;
    /** Set once, before the first message can arrive. */
    private volatile Set<InetAddress> listening = Set.of();

    private volatile Set<InetSocketAddress> points = Set.of();

    /**
     * @param isMyself true for a URI that names this proxy
     */
    public AddressPolicy(ContactPolicy policy, Predicate<SipUri> isMyself) {
        this.policy = policy;
        this.isMyself = isMyself;
    }

    /** Sets the policy from now on. */
    public void policy(ContactPolicy changed) {
        policy = changed;
    }

    /** Sets the addresses and ports that this proxy listens on. */
    public void listeningOn(Set<InetSocketAddress> bound) {
        points = Set.copyOf(bound);
        listening = bound.stream().map(InetSocketAddress::getAddress).collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Checks that {@code sender} may have messages sent to an address.
     *
     * @throws RefusedAddressException if it may not
     */
    public void require(InetSocketAddress to, Sender sender) throws RefusedAddressException {
        String why = refusal(to, sender);
        if (why != null) {
            InetAddress source = sender.address();
            refusals.warn(
                    LOG,
                    "nothing is sent to " + HostName.text(to.getAddress()) + ":" + to.getPort()
                            + (source == null ? "" : " for " + HostName.literal(source)) + ": it " + why
                            + "; ContactPolicy defines which addresses are allowed");
            throw new RefusedAddressException(to, why);
        }
    }

    /** Returns why messages may not be sent to an address on behalf of {@code sender}; null if they may. */
    public @Nullable String refusal(InetSocketAddress to, Sender sender) {
        AddressClass kind = classOf(to.getAddress());
        return kind == AddressClass.PUBLIC ? null : refusal(kind, to, sender);
    }

    /** Returns the class of an address; this proxy's own addresses are local. */
    public AddressClass classOf(InetAddress address) {
        AddressClass kind = AddressClass.of(address);
        return kind.compareTo(AddressClass.LOCAL) < 0 && listening.contains(address) ? AddressClass.LOCAL : kind;
    }

    private @Nullable String refusal(AddressClass kind, InetSocketAddress to, Sender sender) {
        InetAddress source = sender.address();
        return switch (kind) {
            case PUBLIC -> null;
            case GROUP ->
                source == null && followsMulticast(to.getAddress()) ? null : "is a multicast or broadcast address";
            case UNUSABLE -> "is not the address of a host";
            case INTERNAL ->
                source == null
                                || policy.internal()
                                || sender.trusted()
                                || sender.atLoopback()
                                || isNear(source)
                                || isOwnOrOfDialog(to, sender)
                        ? null
                        : "is an internal address";
            case LOCAL -> {
                if (source == null || sender.atLoopback() || source.isLoopbackAddress()) {
                    yield null;
                } else if (!policy.ourselves() && points.contains(to)) {
                    yield "is a listening point of this proxy";
                }
                yield policy.loopback() || isOwnOrOfDialog(to, sender) ? null : "is an address of this machine";
            }
        };
    }

    private static boolean isNear(InetAddress source) {
        AddressClass kind = AddressClass.of(source);
        return kind == AddressClass.INTERNAL || kind == AddressClass.LOCAL;
    }

    private static boolean isOwnOrOfDialog(InetSocketAddress to, Sender sender) {
        Predicate<InetSocketAddress> dialog = sender.dialog();
        return to.getAddress().equals(sender.address()) || (dialog != null && dialog.test(to));
    }

    /** Returns true if a response follows a Via's multicast {@code maddr} (RFC 3261 §18.2.2). */
    public boolean followsMulticast(InetAddress maddr) {
        return policy.multicast() && maddr.isMulticastAddress();
    }

    // ---- registrations

    /**
     * Returns why a client may not register a contact or Path URI; null if it may. Does not resolve names other than
     * localhost.
     */
    public @Nullable String refusal(SipUri uri, Flow flow) {
        Sender sender = Sender.of(flow);
        if (!policy.ourselves() && !isLocal(sender) && (isMyself.test(uri) || namesMyself(uri))) {
            return "names this proxy";
        }
        InetAddress host = destination(uri);
        if (host == null) {
            return null;
        }
        AddressClass kind = classOf(host);
        return refusal(kind, new InetSocketAddress(host, Math.max(uri.port(), 0)), sender);
    }

    private static boolean isLocal(Sender sender) {
        InetAddress source = sender.address();
        return sender.atLoopback() || (source != null && source.isLoopbackAddress());
    }

    /**
     * Returns true if {@code maddr}, which decides where a request is sent, is a listening point although the host is
     * not.
     */
    private boolean namesMyself(SipUri uri) {
        InetAddress host = uri.hasParameter("maddr") ? destination(uri) : null;
        return host != null
                && listening.contains(host)
                && points.stream()
                        .anyMatch(p -> p.getAddress().equals(host) && (uri.port() < 0 || p.getPort() == uri.port()));
    }

    /** Returns true for a private contact registered from outside that network: the client is behind a NAT. */
    public boolean isHidden(SipUri uri, Flow flow) {
        InetAddress host = destination(uri);
        return host != null
                && AddressClass.of(host) == AddressClass.INTERNAL
                && !policy.internal()
                && !isNear(flow.remoteAddress().getAddress());
    }

    /**
     * Returns the address to which requests for a URI are sent, if no look-up is needed (RFC 3263 §4, RFC 6761 §6.3);
     * otherwise null.
     */
    private static @Nullable InetAddress destination(SipUri uri) {
        String maddr = uri.parameter("maddr").orElse(null);
        InetAddress numeric = maddr == null
                ? uri.numericHost().orElse(null)
                : IpLiteral.parse(maddr).orElse(null);
        if (numeric != null) {
            return numeric;
        }
        String name = maddr == null ? uri.host() : maddr;
        return isLocalhost(name) ? InetAddress.getLoopbackAddress() : null;
    }

    /** Returns true if requests for a URI are sent to an address that is written in the URI. */
    public static boolean isNumeric(SipUri uri) {
        return destination(uri) != null;
    }

    private static boolean isLocalhost(String name) {
        int length = name.length() - (name.endsWith(".") ? 1 : 0);
        int from = length - "localhost".length();
        return from >= 0
                && name.regionMatches(true, from, "localhost", 0, "localhost".length())
                && (from == 0 || name.charAt(from - 1) == '.');
    }
}
