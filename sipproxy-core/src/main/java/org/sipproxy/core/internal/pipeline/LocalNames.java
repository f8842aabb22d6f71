package org.sipproxy.core.internal.pipeline;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.routing.DomainSource;
import org.sipproxy.api.transport.TransportKind;

/**
 * Which names are ours: the domains that we are responsible for, the aliases, and the listening points. The one place that
 * decides what "myself" means for Request-URI, Route, realm and address-of-record alike. Domains may also come from sources
 * that change while we run; these are asked last, so that they cost the others nothing.
 *
 * <p>A user at an alias or listening address is the user of the first domain: {@code sip:1001@192.0.2.1} is
 * {@code sip:1001@example.org}.
 */
public final class LocalNames {

    private static final int ANY_PORT = -1;

    private final Map<String, String> domains = new HashMap<>();
    private final Map<String, Set<Integer>> hosts = new HashMap<>();
    private final List<String> fixedDomains;
    private final DomainSource[] sources;
    private final String primaryDomain;
    private final UserCase userCase;

    /** Names that stay as they are. */
    public LocalNames(List<String> domains, List<String> aliases, UserCase userCase) {
        this(domains, aliases, userCase, List.of());
    }

    /** Names for domains in lower case, aliases of the form {@code host} or {@code host:port}, and further domains. */
    public LocalNames(List<String> domains, List<String> aliases, UserCase userCase, List<DomainSource> sources) {
        for (String domain : domains) {
            String lower = domain.toLowerCase(Locale.ROOT);
            this.domains.put(lower, lower);
            add(lower, ANY_PORT);
        }
        for (String alias : aliases) {
            int colon = alias.endsWith("]") ? -1 : alias.lastIndexOf(':');
            if (colon < 0) {
                add(alias, ANY_PORT);
            } else {
                add(alias.substring(0, colon), Integer.parseInt(alias.substring(colon + 1)));
            }
        }
        this.fixedDomains = List.copyOf(domains);
        this.sources = sources.toArray(new DomainSource[0]);
        this.primaryDomain = domains.get(0).toLowerCase(Locale.ROOT);
        this.userCase = userCase;
    }

    /** Adds a listening point or advertised address; only while the proxy starts. */
    public void add(String host, int port) {
        String literal = host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
        hosts.computeIfAbsent(key(literal), h -> new HashSet<>()).add(port);
    }

    /** Lower case; an IPv6 address, which has many spellings, in one of them. */
    private static String key(String host) {
        if (host.startsWith("[")) {
            try {
                return InetAddress.getByName(host).getHostAddress(); // a literal in brackets is never looked up
            } catch (UnknownHostException e) {
                return host;
            }
        }
        return host.toLowerCase(Locale.ROOT);
    }

    /** Our domains as they are now, those that stay first. */
    public List<String> domains() {
        List<String> all = new ArrayList<>(fixedDomains);
        for (DomainSource source : sources) {
            source.domains().stream().filter(domain -> !all.contains(domain)).forEach(all::add);
        }
        return all;
    }

    /** True if the host is one of our domains. */
    public boolean isDomain(String host) {
        return domain(host) != null;
    }

    /** The domain, in lower case, that a host is; null if it is none of ours. */
    private @Nullable String domain(String host) {
        String domain = domains.get(host);
        if (domain != null) {
            return domain;
        }
        String lower = lowerCase(host);
        domain = domains.get(lower);
        if (domain != null) {
            return domain;
        }
        for (DomainSource source : sources) {
            if (source.domains().contains(lower)) {
                return lower;
            }
        }
        return null;
    }

    /** True if the URI names us: a domain, an alias or a listening point, with a port that goes with it. */
    public boolean isMyself(SipUri uri) {
        if (!uri.isSip()) {
            return false;
        }
        String host = uri.host();
        Set<Integer> ports = hosts.get(host);
        if (ports == null) {
            ports = hosts.get(key(host));
        }
        if (ports == null) {
            return sources.length > 0 && isDomain(host);
        }
        if (ports.contains(ANY_PORT)) {
            return true;
        }
        return ports.contains(uri.port() >= 0 ? uri.port() : defaultPort(uri))
                || (sources.length > 0 && isDomain(host)); // a domain of theirs goes with any port
    }

    /** The port meant where a URI writes none (RFC 3261 §19.1.2, RFC 7118 §5.1). */
    private static int defaultPort(SipUri uri) {
        TransportKind kind = uri.hasParameter("transport")
                ? uri.parameter("transport").flatMap(TransportKind::of).orElse(TransportKind.UDP)
                : TransportKind.UDP;
        if (uri.isSecure()) {
            kind = kind == TransportKind.WS || kind == TransportKind.WSS ? TransportKind.WSS : TransportKind.TLS;
        }
        return kind.defaultPort();
    }

    /** The domain, in lower case, of a URI that names us; null if it does not. */
    public @Nullable String domainOf(SipUri uri) {
        if (!isMyself(uri)) {
            return null;
        }
        String domain = domain(uri.host());
        return domain != null ? domain : primaryDomain;
    }

    /**
     * The canonical address-of-record of a URI that names us; null if it does not, or if its user part cannot name a user
     * ({@link Aor#isUser}).
     */
    public @Nullable Aor aorOf(SipUri uri) {
        String domain = domainOf(uri);
        if (domain == null) {
            return null;
        }
        String user = uri.user();
        return Aor.isUser(user) ? new Aor(userCase.canonical(user), domain) : null;
    }

    /** The rule for the case of user parts. */
    UserCase userCase() {
        return userCase;
    }

    /** Most hosts are lower case already; looking costs less than copying. */
    private static String lowerCase(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > 127 || (c >= 'A' && c <= 'Z')) {
                return text.toLowerCase(Locale.ROOT);
            }
        }
        return text;
    }
}
