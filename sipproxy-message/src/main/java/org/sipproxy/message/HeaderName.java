package org.sipproxy.message;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The name of a header field. The set is open: the names that the engine uses are constants with a number that the
 * message index stores, and {@link #of(String)} creates all others. Names are compared without case, and a compact form
 * (RFC 3261 §7.3.3) is the same name.
 */
public final class HeaderName {

    /**
     * A power of two, at least four times the number of known names with their compact forms, so that chains stay
     * short.
     */
    private static final int SLOTS = 512;

    /** Numbers are below 64, so that a message can record the headers that it has in the bits of a long. */
    private static final HeaderName[] BY_ID = new HeaderName[64];

    private static final @Nullable Slot[] TABLE = new Slot[SLOTS];
    private static int nextId = 1;

    public static final HeaderName VIA = known("Via", 'v');
    public static final HeaderName FROM = known("From", 'f');
    public static final HeaderName TO = known("To", 't');
    public static final HeaderName CALL_ID = known("Call-ID", 'i');
    public static final HeaderName CSEQ = known("CSeq");
    public static final HeaderName MAX_FORWARDS = known("Max-Forwards");
    public static final HeaderName MAX_BREADTH = known("Max-Breadth");
    public static final HeaderName CONTACT = known("Contact", 'm');
    public static final HeaderName ROUTE = known("Route");
    public static final HeaderName RECORD_ROUTE = known("Record-Route");
    public static final HeaderName CONTENT_LENGTH = known("Content-Length", 'l');
    public static final HeaderName CONTENT_TYPE = known("Content-Type", 'c');
    public static final HeaderName CONTENT_ENCODING = known("Content-Encoding", 'e');
    public static final HeaderName EXPIRES = known("Expires");
    public static final HeaderName MIN_EXPIRES = known("Min-Expires");
    public static final HeaderName AUTHORIZATION = known("Authorization");
    public static final HeaderName PROXY_AUTHORIZATION = known("Proxy-Authorization");
    public static final HeaderName WWW_AUTHENTICATE = known("WWW-Authenticate");
    public static final HeaderName PROXY_AUTHENTICATE = known("Proxy-Authenticate");
    public static final HeaderName AUTHENTICATION_INFO = known("Authentication-Info");
    public static final HeaderName PROXY_REQUIRE = known("Proxy-Require");
    public static final HeaderName REQUIRE = known("Require");
    public static final HeaderName SUPPORTED = known("Supported", 'k');
    public static final HeaderName UNSUPPORTED = known("Unsupported");
    public static final HeaderName PATH = known("Path");
    public static final HeaderName SERVICE_ROUTE = known("Service-Route");
    public static final HeaderName ALLOW = known("Allow");
    public static final HeaderName ACCEPT = known("Accept");
    public static final HeaderName USER_AGENT = known("User-Agent");
    public static final HeaderName SERVER = known("Server");
    public static final HeaderName DATE = known("Date");
    public static final HeaderName TIMESTAMP = known("Timestamp");
    public static final HeaderName EVENT = known("Event", 'o');
    public static final HeaderName SUBJECT = known("Subject", 's');
    public static final HeaderName REFER_TO = known("Refer-To", 'r');
    public static final HeaderName REASON = known("Reason");
    public static final HeaderName RETRY_AFTER = known("Retry-After");
    public static final HeaderName WARNING = known("Warning");
    public static final HeaderName P_ASSERTED_IDENTITY = known("P-Asserted-Identity");
    public static final HeaderName P_PREFERRED_IDENTITY = known("P-Preferred-Identity");
    public static final HeaderName P_ASSERTED_SERVICE = known("P-Asserted-Service");
    public static final HeaderName P_PREFERRED_SERVICE = known("P-Preferred-Service");
    public static final HeaderName P_SERVED_USER = known("P-Served-User");
    public static final HeaderName P_CALLED_PARTY_ID = known("P-Called-Party-ID");
    public static final HeaderName P_CHARGING_VECTOR = known("P-Charging-Vector");
    public static final HeaderName P_CHARGING_FUNCTION_ADDRESSES = known("P-Charging-Function-Addresses");
    public static final HeaderName REMOTE_PARTY_ID = known("Remote-Party-ID");
    public static final HeaderName PRIVACY = known("Privacy");
    public static final HeaderName ALLOW_EVENTS = known("Allow-Events", 'u');
    public static final HeaderName REFERRED_BY = known("Referred-By", 'b');
    public static final HeaderName SESSION_EXPIRES = known("Session-Expires", 'x');
    public static final HeaderName ACCEPT_CONTACT = known("Accept-Contact", 'a');
    public static final HeaderName REJECT_CONTACT = known("Reject-Contact", 'j');
    public static final HeaderName REQUEST_DISPOSITION = known("Request-Disposition", 'd');

    private final String name;
    private final String lowerCase;
    private final int id;

    private HeaderName(String name, int id) {
        this.name = name;
        this.lowerCase = name.toLowerCase(Locale.ROOT);
        this.id = id;
    }

    private static HeaderName known(String name) {
        HeaderName header = new HeaderName(name, nextId++);
        BY_ID[header.id] = header;
        add(header.lowerCase, header);
        return header;
    }

    private static HeaderName known(String name, char compact) {
        HeaderName header = known(name);
        add(String.valueOf(compact), header);
        return header;
    }

    private static void add(String lowerCase, HeaderName header) {
        byte[] bytes = lowerCase.getBytes(StandardCharsets.US_ASCII);
        int slot = slot(bytes, 0, bytes.length);
        TABLE[slot] = new Slot(lowerCase, header, TABLE[slot]);
    }

    private static int slot(byte[] a, int from, int to) {
        int length = to - from;
        int hash = length * 37
                + Chars.lower(a[from]) * 7
                + Chars.lower(a[to - 1]) * 131
                + Chars.lower(a[from + length / 2]) * 17;
        return hash & (SLOTS - 1);
    }

    /** Returns the number of the name in {@code [from, to)}, or 0 for a name that is not a constant. */
    static int idOf(byte[] a, int from, int to) {
        for (Slot s = TABLE[slot(a, from, to)]; s != null; s = s.next) {
            if (Chars.equalsIgnoreCase(a, from, to, s.lowerCase)) {
                return s.header.id;
            }
        }
        return 0;
    }

    static HeaderName byId(int id) {
        return BY_ID[id];
    }

    /**
     * Returns the header name with this long or compact form.
     *
     * @throws IllegalArgumentException if {@code name} is not a token
     */
    public static HeaderName of(String name) {
        byte[] bytes = Objects.requireNonNull(name, "name").getBytes(StandardCharsets.UTF_8);
        if (!Chars.isToken(bytes, 0, bytes.length)) {
            throw new IllegalArgumentException(
                    "header name: \"" + SipParseException.excerpt(name) + "\" is not a token (RFC 3261 §25.1)");
        }
        int id = idOf(bytes, 0, bytes.length);
        return id != 0 ? byId(id) : new HeaderName(name, 0);
    }

    /** Returns the name in its long form, as it is written to the wire. */
    public String name() {
        return name;
    }

    /** Returns true if the header is a list whose elements may share a line (RFC 3261 §7.3.1). */
    public boolean isList() {
        return HeaderElements.separator(this) != 0;
    }

    /**
     * Returns true if each element is a {@code name-addr} or {@code addr-spec} with parameters, as in Contact and
     * Route.
     */
    public boolean isAddress() {
        return HeaderElements.isAddress(this);
    }

    int id() {
        return id;
    }

    String lowerCase() {
        return lowerCase;
    }

    @Override
    public boolean equals(Object other) {
        return this == other || (other instanceof HeaderName h && h.lowerCase.equals(lowerCase));
    }

    @Override
    public int hashCode() {
        return lowerCase.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }

    private record Slot(
            String lowerCase, HeaderName header, @Nullable Slot next) {}
}
