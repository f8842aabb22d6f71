package org.sipproxy.api.transport;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;

/**
 * An address to listen on, written as {@code udp:127.0.0.1:5060}, {@code tcp:[::1]:5060} or {@code wss:0.0.0.0:443}. If
 * peers reach it under another address, that follows: {@code udp:10.0.0.5:5060 advertise 203.0.113.9:5060}.
 *
 * @param kind the transport
 * @param host a numeric address or a host name of this machine; an IPv6 address without brackets, in the text form of
 *     RFC 5952 whichever form was given. {@code 0.0.0.0} and {@code ::} stand for every address that the machine has
 *     when the proxy starts
 * @param port 0 to 65535. With 0 the system chooses a port, which {@code SipProxy.boundEndpoints()} returns
 * @param advertisedHost the host that Via, Record-Route and the Contact of the proxy's own requests name instead; empty
 *     to name {@code host}. A request for it is for this proxy
 * @param advertisedPort the port that they name with it; 0 for {@code port}
 */
public record Endpoint(TransportKind kind, String host, int port, String advertisedHost, int advertisedPort) {

    private static final String ADVERTISE = "advertise";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9.])?");

    /**
     * Checks the values.
     *
     * @throws ConfigurationException if a port is outside 0 to 65535, the host is empty, or a host is a misspelled IPv4
     *     address
     */
    public Endpoint {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(host, "host");
        Objects.requireNonNull(advertisedHost, "advertisedHost");
        host = normal(withoutBrackets(host));
        advertisedHost = normal(withoutBrackets(advertisedHost));
        if (host.isEmpty()) {
            throw problem("", "the host is empty", "write an address such as 127.0.0.1 or 0.0.0.0");
        }
        checkAddress(host);
        checkAddress(advertisedHost);
        checkPort("port", port);
        checkPort("advertisedPort", advertisedPort);
    }

    private static String withoutBrackets(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    /** Returns one text for all forms of an IPv6 address, so that equal endpoints have equal texts. */
    private static String normal(String host) {
        return host.indexOf(':') < 0 || host.indexOf('%') >= 0 // a scope has a meaning on this machine
                ? host
                : HostName.address(host)
                        .filter(Inet6Address.class::isInstance)
                        .map(HostName::literal)
                        .orElse(host);
    }

    private static ConfigurationException problem(String value, String reason, String remedy) {
        return new ConfigurationException(ConfigurationProblem.of("endpoint", value, reason, remedy));
    }

    private static String quoted(String text) {
        return '"' + SipParseException.excerpt(text) + '"';
    }

    private static void checkAddress(String host) {
        if (HostName.isMisspelledAddress(host)) {
            throw problem(
                    quoted(host),
                    "is neither a host name nor an IPv4 address of four numbers",
                    "write it as 203.0.113.9");
        }
    }

    private static void checkPort(String name, int port) {
        if (port < 0 || port > 65_535) {
            throw problem(name + " " + port, "expected 0 to 65535", "");
        }
    }

    /** Returns an endpoint for UDP. */
    public static Endpoint udp(String host, int port) {
        return new Endpoint(TransportKind.UDP, host, port, "", 0);
    }

    /** Returns an endpoint for TCP. */
    public static Endpoint tcp(String host, int port) {
        return new Endpoint(TransportKind.TCP, host, port, "", 0);
    }

    /** Returns an endpoint for TLS. The proxy then needs a certificate. */
    public static Endpoint tls(String host, int port) {
        return new Endpoint(TransportKind.TLS, host, port, "", 0);
    }

    /**
     * Returns an endpoint for WebSockets without TLS (RFC 7118): for browsers on pages without TLS, or behind a reverse
     * proxy that terminates TLS.
     */
    public static Endpoint ws(String host, int port) {
        return new Endpoint(TransportKind.WS, host, port, "", 0);
    }

    /** Returns an endpoint for WebSockets over TLS. The proxy then needs a certificate. */
    public static Endpoint wss(String host, int port) {
        return new Endpoint(TransportKind.WSS, host, port, "", 0);
    }

    /**
     * Returns this endpoint with another host and port for Via and Record-Route: for a proxy behind a static address
     * mapping.
     */
    public Endpoint advertise(String publicHost, int publicPort) {
        return new Endpoint(kind, host, port, publicHost, publicPort);
    }

    /** Returns true if the other endpoint has the same transport, host and port, whatever the two advertise. */
    public boolean hasAddressOf(Endpoint other) {
        return kind == other.kind && port == other.port && host.equals(other.host);
    }

    /** Returns this endpoint on another port. */
    public Endpoint withPort(int newPort) {
        return new Endpoint(kind, host, newPort, advertisedHost, advertisedPort);
    }

    /**
     * Parses {@code TRANSPORT:HOST:PORT}, such as {@code udp:127.0.0.1:5060}, optionally followed by
     * {@code advertise HOST:PORT}, as in Kamailio's parameter {@code listen}. Without a port the transport's default is
     * used; without an advertised port, that of the endpoint.
     *
     * @throws ConfigurationException if the text is malformed
     */
    public static Endpoint parse(String text) {
        String[] words = text.strip().split("\\s+", -1);
        if (words.length == 1) {
            return parseBound(words[0]);
        }
        if (words.length != 3 || !words[1].equals(ADVERTISE)) {
            throw problem(
                    quoted(text),
                    "expected TRANSPORT:HOST:PORT advertise HOST:PORT, such as udp:10.0.0.5:5060 advertise"
                            + " 203.0.113.9:5060",
                    "");
        }
        Endpoint bound = parseBound(words[0]);
        HostPort advertised = HostPort.parse(words[2], 0);
        Optional<InetAddress> address = HostName.address(advertised.host());
        if (!NAME.matcher(advertised.host()).matches() && address.isEmpty()) {
            throw problem(quoted(words[2]), "is not an address to advertise", "write 203.0.113.9:5060");
        }
        if (address.filter(InetAddress::isAnyLocalAddress).isPresent()) {
            throw problem(
                    quoted(words[2]),
                    "stands for every address, so it cannot be advertised",
                    "write the address under which peers reach the proxy");
        }
        return bound.advertise(advertised.host(), advertised.port());
    }

    private static Endpoint parseBound(String text) {
        int colon = text.indexOf(':');
        TransportKind kind =
                colon < 0 ? null : TransportKind.of(text.substring(0, colon)).orElse(null);
        if (kind == null) {
            throw problem(
                    quoted(text),
                    "expected TRANSPORT:HOST[:PORT], such as udp:127.0.0.1:5060; the transports are udp, tcp, tls, ws and"
                            + " wss",
                    "");
        }
        HostPort bound = HostPort.parse(text.substring(colon + 1), kind.defaultPort());
        return new Endpoint(kind, bound.host(), bound.port(), "", 0);
    }

    /** Host, an IPv6 address in brackets, and port. */
    private record HostPort(String host, int port) {

        static HostPort parse(String text, int defaultPort) {
            int close = text.indexOf(']');
            int colon = text.indexOf(':', Math.max(close, 0));
            if (close < 0 && colon >= 0 && text.indexOf(':', colon + 1) >= 0) {
                throw problem(quoted(text), "has an IPv6 address without brackets", "write it as [::1]:5060");
            }
            if (colon < 0) {
                return new HostPort(text, defaultPort);
            }
            String port = text.substring(colon + 1);
            if (port.isEmpty() || port.length() > 5 || !port.chars().allMatch(c -> c >= '0' && c <= '9')) {
                throw problem(quoted(text), "has the port \"" + port + "\" (expected 0 to 65535)", "");
            }
            return new HostPort(text.substring(0, colon), Integer.parseInt(port));
        }
    }

    /** Returns the text form, such as {@code udp:127.0.0.1:5060}. */
    @Override
    public String toString() {
        return kind.lowerCase() + ":" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
