package org.sipproxy.nat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HostName;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.SipUri;

/**
 * Writer and reader of the parameters that hold the address at which the owner of a Contact was seen:
 *
 * <pre>
 * ;alias=203.0.113.9~40001~1;alias-key=AZ3kq0cSx1Yb2nQ4H8mW0pLr7tE9uV
 * </pre>
 *
 * <p>The first is Kamailio's {@code address~port~transport}. It comes back from the network in a Request-URI, and a
 * forged one would send requests through this proxy to any address. The second therefore authenticates it: 22 bytes in
 * base64url, with the time of the alias (6), the listening point (4), the registered owner (4), and a {@link KeyedHash}
 * of all that and the alias (8).
 */
final class AliasWriter {

    private static final int SIGNED_BYTES = 14;
    private static final int KEY_BYTES = SIGNED_BYTES + 8;
    private static final int KEY_CHARS = 30;
    private static final int MAX_ENDPOINTS = 1_024;

    private final boolean readsForeign;
    private final ConcurrentMap<Endpoint, Integer> points = new ConcurrentHashMap<>();
    private volatile KeyedHash hash = KeyedHash.random();
    private volatile List<Endpoint> bound = List.of();

    /** @param readsForeign true if an alias without a key is accepted */
    AliasWriter(boolean readsForeign) {
        this.readsForeign = readsForeign;
    }

    /**
     * Sets the key and the listening points. Called before the first message.
     *
     * @param key signs aliases; the same after a restart
     * @param endpoints the proxy's listening points
     */
    void start(KeyedHash key, List<Endpoint> endpoints) {
        hash = key;
        bound = List.copyOf(endpoints);
    }

    /** Returns a hash that identifies a user in a key. Never 0. */
    int owner(Aor aor) {
        int owner = (int) hash("owner\0" + aor.user().toLowerCase(Locale.ROOT) + "@" + aor.domain());
        return owner == 0 ? 1 : owner;
    }

    /** Returns the parameters for the Contact of the peer of a flow. */
    String parameters(Flow flow, int owner, long nowMillis) {
        String alias = HostName.text(flow.remoteAddress().getAddress()) + "~"
                + flow.remoteAddress().getPort() + "~" + number(flow.kind());
        ByteBuffer key = ByteBuffer.allocate(KEY_BYTES)
                .putShort((short) (nowMillis >> 32))
                .putInt((int) nowMillis)
                .putInt(point(flow.endpoint()))
                .putInt(owner);
        byte[] bytes = key.array();
        key.putLong(signature(alias, bytes));
        return ";" + ContactAlias.NAME + "=" + alias + ";" + ContactAlias.KEY + "="
                + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private long signature(String alias, byte[] key) {
        StringBuilder text =
                new StringBuilder(96).append("alias\0").append(alias).append('\0');
        for (int i = 0; i < SIGNED_BYTES; i++) {
            text.append((char) (key[i] & 0xff));
        }
        return hash(text.toString());
    }

    private long hash(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return hash.hash(bytes, 0, bytes.length);
    }

    private int point(Endpoint endpoint) {
        Integer known = points.get(endpoint);
        if (known != null) {
            return known;
        }
        int made = (int) hash("socket\0" + endpoint);
        if (points.size() < MAX_ENDPOINTS) {
            points.put(endpoint, made);
        }
        return made;
    }

    /** Returns the alias of a URI; null if it has none or the alias is not accepted. */
    @Nullable
    ContactAlias read(SipUri uri) {
        Optional<String> alias = uri.parameter(ContactAlias.NAME);
        if (alias.isEmpty()) {
            return null;
        }
        SipUri received = received(alias.get());
        Optional<String> key = uri.parameter(ContactAlias.KEY);
        if (received == null || (key.isEmpty() && !readsForeign)) {
            return null;
        }
        SipUri contact = UriText.without(uri, ContactAlias.NAME, ContactAlias.KEY);
        if (key.isEmpty()) {
            return isFitForForeign(received) ? new ContactAlias(contact, received, null, 0, 0) : null;
        }
        byte[] bytes = key(key.get());
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (bytes.length != KEY_BYTES || in.getLong(SIGNED_BYTES) != signature(alias.get(), bytes)) {
            return null;
        }
        long seenAt = (in.getShort() & 0xffffL) << 32 | in.getInt() & 0xffff_ffffL;
        return new ContactAlias(contact, received, socket(in.getInt()), in.getInt(), seenAt);
    }

    private static byte[] key(String text) {
        try {
            return text.length() == KEY_CHARS ? Base64.getUrlDecoder().decode(text) : new byte[0];
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    private @Nullable Endpoint socket(int point) {
        for (Endpoint endpoint : bound) {
            if (point(endpoint) == point) {
                return endpoint;
            }
        }
        return null;
    }

    /** Returns {@code 203.0.113.9~40001~1} as a URI; null if the text does not have that form. */
    static @Nullable SipUri received(String alias) {
        int last = alias.lastIndexOf('~');
        int middle = last < 0 ? -1 : alias.lastIndexOf('~', last - 1);
        if (middle < 1 || last - middle > 6 || last - middle < 2 || last != alias.length() - 2) {
            return null;
        }
        TransportKind kind = kind(alias.charAt(last + 1));
        int port = 0;
        for (int i = middle + 1; i < last; i++) {
            char c = alias.charAt(i);
            if (c < '0' || c > '9') {
                return null;
            }
            port = port * 10 + (c - '0');
        }
        String host = alias.substring(0, middle);
        Optional<InetAddress> address = IpLiteral.parse(host);
        if (kind == null || port < 1 || port > 65_535 || address.isEmpty()) {
            return null;
        }
        String uri = "sip:" + HostName.text(address.get()) + ":" + port;
        return SipUri.of(kind == TransportKind.UDP ? uri : uri + ";transport=" + kind.lowerCase());
    }

    /** Returns true if an unsigned address is a unicast host address and not one of this proxy's listening points. */
    private boolean isFitForForeign(SipUri received) {
        InetAddress address = received.numericHost().orElse(null);
        if (address == null || address.isMulticastAddress() || address.isAnyLocalAddress() || isBroadcast(address)) {
            return false;
        }
        for (Endpoint endpoint : bound) {
            if (endpoint.port() == received.port()
                    && IpLiteral.parse(endpoint.host()).map(address::equals).orElse(false)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isBroadcast(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4 && HostText.intOf(bytes) == -1;
    }

    /** Returns Kamailio's number of a transport. */
    private static int number(TransportKind kind) {
        return switch (kind) {
            case UDP -> 1;
            case TCP -> 2;
            case TLS -> 3;
            case WS -> 5;
            case WSS -> 6;
        };
    }

    private static @Nullable TransportKind kind(char number) {
        return switch (number) {
            case '1' -> TransportKind.UDP;
            case '2' -> TransportKind.TCP;
            case '3' -> TransportKind.TLS;
            case '5' -> TransportKind.WS;
            case '6' -> TransportKind.WSS;
            default -> null;
        };
    }
}
