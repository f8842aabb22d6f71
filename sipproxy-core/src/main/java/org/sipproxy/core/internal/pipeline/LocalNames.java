package org.sipproxy.core.internal.pipeline;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.DomainSource;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.message.HostMap;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipUri;

/**
 * Names of this proxy: the domains that it is responsible for, its aliases and its listening points. This is the only
 * place that decides what "myself" means for Request-URI, Route, realm and AOR. Domains may also come from sources that
 * change at run time; they are queried last, so that they cost nothing for the other names. Hosts are compared in their
 * {@link HostName normal form}. {@code localhost} and names below it are this proxy if it can be reached over loopback
 * at that port (RFC 6761 §6.3).
 *
 * <p>A user at an alias or listening address is the user of the first domain: {@code sip:1001@192.0.2.1} is
 * {@code sip:1001@example.org}.
 */
public final class LocalNames {

    private static final int ANY_PORT = -1;

    private final Map<String, String> domains = new HashMap<>();
    private final HostMap<Name> hosts = new HostMap<>();
    /** Ports that are reachable over a loopback address. */
    private final Ports loopbackPorts = new Ports();
    /** Ports at every address of this machine, and therefore at all of 127.0.0.0/8. */
    private final Ports wildcardPorts = new Ports();
    /** Listening points and advertised addresses. */
    private final List<Point> points = new ArrayList<>();

    private record Point(String host, int port) {}

    /**
     * A host that names this proxy.
     *
     * @param domain the domain in normal form; null for an alias and for a listening point
     */
    private record Name(@Nullable String domain, Ports ports) {}

    /** A few ports. */
    private static final class Ports {

        private int[] ports = {};

        void add(int port) {
            if (!contains(port)) {
                ports = Arrays.copyOf(ports, ports.length + 1);
                ports[ports.length - 1] = port;
            }
        }

        boolean contains(int port) {
            for (int one : ports) {
                if (one == port) {
                    return true;
                }
            }
            return false;
        }
    }

    private final List<String> fixedDomains;
    private final DomainSource[] sources;
    private final HostCall host = new HostCall("domain source");
    private final String primaryDomain;
    private final UserCase userCase;

    /** Creates a set of fixed names. */
    public LocalNames(List<String> domains, List<String> aliases, UserCase userCase) {
        this(domains, aliases, userCase, List.of());
    }

    /**
     * Creates names from domains, aliases of the form {@code host} or {@code host:port}, and sources of further
     * domains.
     */
    public LocalNames(List<String> domains, List<String> aliases, UserCase userCase, List<DomainSource> sources) {
        for (String domain : domains) {
            String normal = HostName.normal(domain);
            this.domains.put(normal, normal);
            hosts.put(normal, new Name(normal, new Ports()));
            addHost(normal, ANY_PORT);
        }
        for (String alias : aliases) {
            int colon = alias.endsWith("]") ? -1 : alias.lastIndexOf(':');
            if (colon < 0) {
                addHost(alias, ANY_PORT);
            } else {
                addHost(alias.substring(0, colon), Integer.parseInt(alias.substring(colon + 1)));
            }
        }
        this.fixedDomains = domains.stream().map(HostName::normal).toList();
        this.sources = sources.toArray(new DomainSource[0]);
        this.primaryDomain = fixedDomains.get(0);
        this.userCase = userCase;
    }

    /** Adds a listening point or advertised address. May be called only while the proxy starts. */
    public void add(String host, int port) {
        points.add(new Point(host, port));
        addHost(host, port);
    }

    /** Returns the same listening points with other domains and aliases. */
    public LocalNames with(List<String> newDomains, List<String> newAliases) {
        LocalNames changed = new LocalNames(newDomains, newAliases, userCase, List.of(sources));
        points.forEach(point -> changed.add(point.host(), point.port()));
        return changed;
    }

    private void addHost(String host, int port) {
        String normal = HostName.normal(host);
        Name name = hosts.get(normal);
        if (name == null) {
            name = new Name(null, new Ports());
            hosts.put(normal, name);
        }
        name.ports().add(port);
        HostName.address(normal).ifPresent(address -> {
            if (address.isAnyLocalAddress()) {
                wildcardPorts.add(port);
            }
            if (address.isAnyLocalAddress() || address.isLoopbackAddress()) {
                loopbackPorts.add(port);
            }
        });
    }

    /** Returns the current domains, the fixed ones first. */
    public List<String> domains() {
        List<String> all = new ArrayList<>(fixedDomains);
        for (DomainSource source : sources) {
            domainsOf(source).stream().filter(domain -> !all.contains(domain)).forEach(all::add);
        }
        return all;
    }

    /** Returns true if the host is one of the domains. */
    public boolean isDomain(String host) {
        return domain(host) != null;
    }

    /** Returns the domain, in normal form, that equals the host; null if it is not one of the domains. */
    private @Nullable String domain(String host) {
        String domain = domains.get(host);
        if (domain != null) {
            return domain;
        }
        String normal = HostName.normal(host);
        domain = domains.get(normal);
        if (domain != null) {
            return domain;
        }
        for (DomainSource source : sources) {
            if (domainsOf(source).contains(normal)) {
                return normal;
            }
        }
        return null;
    }

    private Set<String> domainsOf(DomainSource source) {
        try {
            return source.domains();
        } catch (Throwable e) {
            host.failed(e);
            return Set.of();
        }
    }

    /** Returns the first domain. Its users may also be addressed by an alias or a listening point. */
    public String primaryDomain() {
        return primaryDomain;
    }

    /** Returns true if the URI names this proxy: a domain, an alias or a listening point, with a matching port. */
    public boolean isMyself(SipUri uri) {
        return uri.isSip() && isMyself(uri, hosts.get(uri));
    }

    private boolean isMyself(SipUri uri, @Nullable Name name) {
        if (name != null && (name.ports().contains(ANY_PORT) || name.ports().contains(port(uri)))) {
            return true;
        }
        return (sources.length > 0 && isDomain(uri.host())) // a domain from a source matches with any port
                || isOwnLoopback(uri);
    }

    private boolean isOwnLoopback(SipUri uri) {
        int port = port(uri);
        boolean isLoopbackPort = loopbackPorts.contains(port);
        boolean isWildcardPort = wildcardPorts.contains(port);
        if (!isLoopbackPort && !isWildcardPort) {
            return false;
        }
        String host = uri.normalHost();
        if (HostName.isLocalhost(host) || host.equals("0.0.0.0") || host.equals("[::]")) {
            return isLoopbackPort;
        }
        return isWildcardPort && (host.startsWith("127.") || host.equals("[::1]"));
    }

    /** Returns which name of this proxy a URI has, for an explanation. */
    String describe(SipUri uri) {
        if (!isMyself(uri)) {
            return uri.isSip() ? uri.host() + " is not a name of this proxy" : "not a sip or sips URI";
        }
        String domain = domain(uri.host());
        if (domain != null) {
            return "domain " + domain;
        }
        String normal = HostName.normal(uri.host());
        boolean isPoint = points.stream()
                .anyMatch(point -> point.port() == port(uri)
                        && HostName.normal(point.host()).equals(normal));
        return (isPoint ? "listening point " : "alias ") + uri.host() + ":" + port(uri) + ", users of domain "
                + primaryDomain;
    }

    private static int port(SipUri uri) {
        return uri.port() >= 0 ? uri.port() : defaultPort(uri);
    }

    /** Returns the port that applies if a URI has none (RFC 3261 §19.1.2, RFC 7118 §5.1). */
    private static int defaultPort(SipUri uri) {
        TransportKind kind = uri.hasParameter("transport")
                ? uri.parameter("transport").flatMap(TransportKind::of).orElse(TransportKind.UDP)
                : TransportKind.UDP;
        if (uri.isSecure()) {
            kind = kind == TransportKind.WS || kind == TransportKind.WSS ? TransportKind.WSS : TransportKind.TLS;
        }
        return kind.defaultPort();
    }

    /** Returns the domain, in normal form, of a URI that names this proxy; null if it does not. */
    public @Nullable String domainOf(SipUri uri) {
        Name name = hosts.get(uri);
        if (!uri.isSip() || !isMyself(uri, name)) {
            return null;
        }
        if (name != null && name.domain() != null) {
            return name.domain();
        }
        String domain = sources.length == 0 ? null : domain(uri.host());
        return domain != null ? domain : primaryDomain;
    }

    /**
     * Returns the canonical AOR of a URI that names this proxy; null if it does not, or if its user part cannot name a
     * user ({@link Aor#isUser}).
     */
    public @Nullable Aor aorOf(SipUri uri) {
        String domain = domainOf(uri);
        if (domain == null) {
            return null;
        }
        String user = uri.user();
        return Aor.isUser(user) ? new Aor(userCase.canonical(user), domain) : null;
    }

    /** Returns the rule for the case of user parts. */
    UserCase userCase() {
        return userCase;
    }
}
