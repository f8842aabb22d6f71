package org.sipproxy.gateway;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipUri;

/** Source addresses of members. Immutable; made again when members or their names change. */
final class MemberAddresses {

    static final MemberAddresses NONE = new MemberAddresses(SourceMatch.OFF, Map.of(), Map.of());

    /** Look-up of the addresses of a host name. */
    @FunctionalInterface
    interface Resolver {
        InetAddress[] addresses(String host) throws UnknownHostException;
    }

    private record Source(String set, int port) {}

    private final SourceMatch match;
    private final Map<InetAddress, List<Source>> sources;
    private final Map<String, List<InetAddress>> names;

    private MemberAddresses(
            SourceMatch match, Map<InetAddress, List<Source>> sources, Map<String, List<InetAddress>> names) {
        this.match = match;
        this.sources = sources;
        this.names = names;
    }

    /**
     * Resolves the members' hosts, which may block. A name that cannot be resolved keeps its addresses, so that members
     * are recognized during an outage of DNS.
     */
    static MemberAddresses of(Iterable<Member> members, SourceMatch match, Resolver resolver, MemberAddresses before) {
        if (match == SourceMatch.OFF) {
            return NONE;
        }
        Map<InetAddress, List<Source>> sources = new HashMap<>();
        Map<String, List<InetAddress>> names = new HashMap<>();
        for (Member member : members) {
            if (member.health.state() == MemberState.DISABLED) {
                continue;
            }
            List<SipUri> uris = new ArrayList<>(List.of(member.gateway().uri()));
            member.gateway().outboundProxy().ifPresent(uris::add);
            for (SipUri uri : uris) {
                List<InetAddress> addresses = uri.numericHost()
                        .map(List::of)
                        .orElseGet(() ->
                                names.computeIfAbsent(uri.normalHost(), name -> resolved(name, resolver, before)));
                for (InetAddress address : addresses) {
                    sources.computeIfAbsent(address, a -> new ArrayList<>())
                            .add(new Source(member.set.name(), port(uri)));
                }
            }
        }
        return new MemberAddresses(match, Map.copyOf(sources), Map.copyOf(names));
    }

    private static List<InetAddress> resolved(String name, Resolver resolver, MemberAddresses before) {
        try {
            return List.of(resolver.addresses(name));
        } catch (UnknownHostException e) {
            return before.names.getOrDefault(name, List.of());
        }
    }

    private static int port(SipUri uri) {
        boolean tls = uri.isSecure() || uri.parameterIs("transport", "tls");
        return uri.port() >= 0 ? uri.port() : (tls ? TransportKind.TLS : TransportKind.UDP).defaultPort();
    }

    /** Returns true if a message came from a member of any set. */
    boolean isMember(Flow flow) {
        return find(flow.remoteAddress(), null);
    }

    /** Returns true if a message came from a member of this set. */
    boolean isMemberOf(Flow flow, String set) {
        return find(flow.remoteAddress(), set);
    }

    /** Returns true if the URI has the numeric address of a member of any set. */
    boolean isMember(SipUri uri) {
        return uri.numericHost()
                .filter(address -> find(new InetSocketAddress(address, port(uri)), null))
                .isPresent();
    }

    /** Returns an address of any member; empty if none could be resolved. */
    Optional<InetAddress> any() {
        return sources.keySet().stream().findFirst();
    }

    private boolean find(InetSocketAddress address, @Nullable String set) {
        for (Source source : sources.getOrDefault(address.getAddress(), List.of())) {
            if ((set == null || set.equals(source.set()))
                    && (match == SourceMatch.ADDRESS || source.port() == address.getPort())) {
                return true;
            }
        }
        return false;
    }
}
