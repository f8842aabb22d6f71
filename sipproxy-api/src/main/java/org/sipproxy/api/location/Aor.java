package org.sipproxy.api.location;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipUri;

/**
 * A canonical address-of-record (RFC 3261 §10.3 step 5): user and domain, without scheme, port and parameters, and with
 * escapes resolved. The key of the location store.
 *
 * @param user the user part, unescaped and in the canonical form of {@link UserCase}; empty if the AOR has none
 * @param domain the host; stored in its {@link HostName normal form}
 */
public record Aor(String user, String domain) {

    private static final String HEX = "0123456789ABCDEF";

    /** Checks that nothing is null, and puts the domain into normal form. The user is taken as it is. */
    public Aor {
        Objects.requireNonNull(user, "user");
        domain = HostName.normal(Objects.requireNonNull(domain, "domain"));
    }

    /** Returns the AOR of a URI, with the user in lower case as Kamailio stores it. */
    public static Aor of(SipUri uri) {
        return of(uri, UserCase.INSENSITIVE);
    }

    /** Returns the AOR of a URI. */
    public static Aor of(SipUri uri, UserCase userCase) {
        return new Aor(userCase.canonical(uri.user()), uri.normalHost());
    }

    /**
     * Returns true if an unescaped user part may name a user. It must not hold control characters (U+0000 to U+001F,
     * U+007F to U+009F), half of a surrogate pair, or U+FFFD, which stands for bytes that are not UTF-8. Such a user
     * part cannot be registered: databases cannot store it, or different bytes would name the same user.
     */
    public static boolean isUser(String user) {
        for (int i = 0; i < user.length(); i++) {
            char c = user.charAt(i);
            if (c < 0x7f) {
                if (c < ' ') {
                    return false;
                }
            } else if (c <= 0x9f || c == '\ufffd') {
                return false;
            } else if (Character.isSurrogate(c)) {
                i++; // past the other half
                if (Character.isLowSurrogate(c) || i == user.length() || !Character.isLowSurrogate(user.charAt(i))) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Written out, because the method handles of the record's own method are not always compiled into a look-up. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || (other instanceof Aor aor && user.equals(aor.user) && domain.equals(aor.domain));
    }

    @Override
    public int hashCode() {
        return 31 * user.hashCode() + domain.hashCode();
    }

    /** Returns {@code sip:user@domain} with the user escaped as in a URI: valid in a message and safe in a log line. */
    @Override
    public String toString() {
        return user.isEmpty() ? "sip:" + domain : "sip:" + escaped(user) + "@" + domain;
    }

    private static String escaped(String user) {
        int plain = 0;
        while (plain < user.length() && isUserCharacter(user.charAt(plain))) {
            plain++;
        }
        if (plain == user.length()) {
            return user;
        }
        StringBuilder out = new StringBuilder(user.length() + 16);
        for (byte b : user.getBytes(StandardCharsets.UTF_8)) {
            if (isUserCharacter((char) (b & 0xff))) {
                out.append((char) b);
            } else {
                out.append('%').append(HEX.charAt(b >> 4 & 15)).append(HEX.charAt(b & 15));
            }
        }
        return out.toString();
    }

    /** Returns true for unreserved and user-unreserved of RFC 3261 §25.1. */
    private static boolean isUserCharacter(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || "-_.!~*'()&=+$,;?/".indexOf(c) >= 0;
    }
}
