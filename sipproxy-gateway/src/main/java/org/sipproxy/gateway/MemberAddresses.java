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

    static final MemberAddresses NONE = new MemberAddresses(SourceMatch.OFF, Map.of());

    /** Look-up of the addresses of a host name. */
    @FunctionalInterface
    interface Resolver {
        InetAddress[] addresses(String host) throws UnknownHostException;
    }

    private record Source(String set, int port) {}

    private final SourceMatch match;
    private final Map<InetAddress, List<Source>> sources;

    private MemberAddresses(SourceMatch match, Map<InetAddress, List<Source>> sources) {
        this.match = match;
        this.sources = sources;
    }

    /** Resolves the members' hosts, which may block. A name that cannot be resolved does not recognize anyone. */
    static MemberAddresses of(Iterable<Member> members, SourceMatch match, Resolver resolver) {
        if (match == SourceMatch.OFF) {
            return NONE;
        }
        Map<InetAddress, List<Source>> sources = new HashMap<>();
        for (Member member : members) {
            if (member.health.state() == MemberState.DISABLED) {
                continue;
            }
            add(sources, member, member.gateway().uri(), resolver);
            member.gateway().outboundProxy().ifPresent(proxy -> add(sources, member, proxy, resolver));
        }
        return new MemberAddresses(match, Map.copyOf(sources));
    }

    private static void add(Map<InetAddress, List<Source>> sources, Member member, SipUri uri, Resolver resolver) {
        Optional<InetAddress> numeric = uri.numericHost();
        try {
            InetAddress[] all =
                    numeric.isPresent() ? new InetAddress[] {numeric.get()} : resolver.addresses(uri.host());
            for (InetAddress address : all) {
                sources.computeIfAbsent(address, a -> new ArrayList<>()).add(new Source(member.set.name(), port(uri)));
            }
        } catch (UnknownHostException e) {
            // the next refresh tries again; requests to the member fail meanwhile, which is logged
        }
    }

    private static int port(SipUri uri) {
        boolean tls = uri.isSecure() || uri.parameterIs("transport", "tls");
        return uri.port() >= 0 ? uri.port() : (tls ? TransportKind.TLS : TransportKind.UDP).defaultPort();
    }

    /** Returns true if a message came from a member of any set. */
    boolean isMember(Flow flow) {
        return find(flow, null);
    }

    /** Returns true if a message came from a member of this set. */
    boolean isMemberOf(Flow flow, String set) {
        return find(flow, set);
    }

    private boolean find(Flow flow, @Nullable String set) {
        InetSocketAddress from = flow.remoteAddress();
        for (Source source : sources.getOrDefault(from.getAddress(), List.of())) {
            if ((set == null || set.equals(source.set()))
                    && (match == SourceMatch.ADDRESS || source.port() == from.getPort())) {
                return true;
            }
        }
        return false;
    }
}
