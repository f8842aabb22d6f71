package org.sipproxy.gateway;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipUri;

/** Source addresses of members. Immutable; made again when members or their names change. */
final class MemberAddresses {

    static final MemberAddresses NONE = new MemberAddresses(SourceMatch.OFF, Map.of(), Map.of());

    /** Longest time to wait for all names. A look-up of the proxy ends earlier. */
    private static final long LONGEST_WAIT_SECONDS = 10;

    /** Look-up of the addresses of a host name. */
    @FunctionalInterface
    interface Resolver {
        CompletableFuture<List<InetSocketAddress>> resolve(SipUri uri);
    }

    private record Source(String set, int port) {}

    private final SourceMatch match;
    private final Map<InetAddress, List<Source>> sources;
    private final Map<SipUri, List<InetSocketAddress>> names;

    private MemberAddresses(
            SourceMatch match, Map<InetAddress, List<Source>> sources, Map<SipUri, List<InetSocketAddress>> names) {
        this.match = match;
        this.sources = sources;
        this.names = names;
    }

    /**
     * Resolves the members' hosts as for a request (RFC 3263), which may block. A name that cannot be resolved keeps
     * its addresses, so that members are recognized during an outage of DNS.
     */
    static MemberAddresses of(Iterable<Member> members, SourceMatch match, Resolver resolver, MemberAddresses before) {
        if (match == SourceMatch.OFF) {
            return NONE;
        }
        Map<SipUri, CompletableFuture<List<InetSocketAddress>>> lookups = new HashMap<>();
        List<Map.Entry<SipUri, String>> all = new ArrayList<>();
        for (Member member : members) {
            if (member.health.state() == MemberState.DISABLED) {
                continue;
            }
            List<SipUri> uris = new ArrayList<>(List.of(member.gateway().uri()));
            member.gateway().outboundProxy().ifPresent(uris::add);
            for (SipUri uri : uris) {
                all.add(Map.entry(uri, member.set.name()));
                if (uri.numericHost().isEmpty()) {
                    lookups.computeIfAbsent(uri, resolver::resolve); // all at once: a DNS that is down delays them once
                }
            }
        }
        Map<InetAddress, List<Source>> sources = new HashMap<>();
        Map<SipUri, List<InetSocketAddress>> names = new HashMap<>();
        await(lookups.values());
        lookups.forEach((uri, lookup) -> names.put(
                uri,
                lookup.isDone() && !lookup.isCompletedExceptionally()
                        ? lookup.join()
                        : before.names.getOrDefault(uri, List.of())));
        for (Map.Entry<SipUri, String> one : all) {
            SipUri uri = one.getKey();
            List<InetSocketAddress> addresses = uri.numericHost()
                    .map(address -> List.of(new InetSocketAddress(address, port(uri))))
                    .orElseGet(() -> names.getOrDefault(uri, List.of()));
            for (InetSocketAddress address : addresses) {
                sources.computeIfAbsent(address.getAddress(), a -> new ArrayList<>())
                        .add(new Source(one.getValue(), address.getPort()));
            }
        }
        return new MemberAddresses(match, Map.copyOf(sources), Map.copyOf(names));
    }

    private static void await(Collection<CompletableFuture<List<InetSocketAddress>>> lookups) {
        try {
            CompletableFuture.allOf(lookups.toArray(new CompletableFuture<?>[0]))
                    .get(LONGEST_WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // names that are not resolved keep their addresses
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

    /** Returns the names of the sets from whose members a message may have come. */
    List<String> setsOf(Flow flow) {
        return sources.getOrDefault(flow.remoteAddress().getAddress(), List.of()).stream()
                .map(Source::set)
                .distinct()
                .filter(set -> isMemberOf(flow, set))
                .toList();
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
