package org.sipproxy.api.location;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import org.sipproxy.api.message.SipUri;

/**
 * A canonical address-of-record (RFC 3261 §10.3 step 5): user and domain, without scheme, port and parameters, escapes
 * resolved. Equality is the key of the location store.
 *
 * @param user the user part, unescaped; lower case unless the proxy was told that users are case-sensitive. Empty if the
 *     address has none
 * @param domain the host in its {@link org.sipproxy.api.message.HostName normal form}
 */
public record Aor(String user, String domain) {

    private static final String HEX = "0123456789ABCDEF";

    /** Checks that nothing is null. */
    public Aor {
        Objects.requireNonNull(user, "user");
        Objects.requireNonNull(domain, "domain");
    }

    /** The address that a URI names, the user in lower case as Kamailio stores it. */
    public static Aor of(SipUri uri) {
        return of(uri, false);
    }

    /** The address that a URI names. */
    public static Aor of(SipUri uri, boolean userCaseSensitive) {
        String user = uri.user();
        return new Aor(userCaseSensitive ? user : user.toLowerCase(Locale.ROOT), uri.normalHost());
    }

    /** {@code sip:user@domain}, the user escaped as in a URI: fit for a message and safe for a log line. */
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

    /** unreserved and user-unreserved of RFC 3261 §25.1. */
    private static boolean isUserCharacter(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || "-_.!~*'()&=+$,;?/".indexOf(c) >= 0;
    }
}
