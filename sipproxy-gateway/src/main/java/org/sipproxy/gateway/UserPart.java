package org.sipproxy.gateway;

import org.sipproxy.message.SipUri;

/**
 * User part of a URI as it is written, with its escapes: an escape may matter to the server that reads it (RFC 3261
 * §19.1.4).
 */
record UserPart(String text) {

    /** Returns the user part of a {@code sip:} or {@code sips:} URI, without a password. */
    static UserPart of(SipUri uri) {
        if (!uri.hasUser()) {
            return new UserPart("");
        }
        String text = uri.toString();
        String user = text.substring(text.indexOf(':') + 1, userEnd(text));
        int password = user.indexOf(':');
        return new UserPart(password < 0 ? user : user.substring(0, password));
    }

    /** Returns the user part with this text. Characters that must not occur in a user part are escaped. */
    static UserPart of(String unescaped) {
        StringBuilder out = new StringBuilder(unescaped.length());
        for (byte b : unescaped.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            if (c >= '0' && c <= '9'
                    || c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || "-_.!~*'()&=+$,;?/".indexOf(c) >= 0) {
                out.append(c);
            } else {
                out.append(String.format("%%%02X", (int) c));
            }
        }
        return new UserPart(out.toString());
    }

    /** Returns the URI with this user part instead of its own, and without a password. */
    SipUri in(SipUri uri) {
        String uriText = uri.toString();
        int colon = uriText.indexOf(':') + 1;
        String rest = uri.hasUser() ? uriText.substring(userEnd(uriText) + 1) : uriText.substring(colon);
        return SipUri.of(uriText.substring(0, colon) + (text.isEmpty() ? "" : text + "@") + rest);
    }

    /** The first unescaped at-sign ends the user part (RFC 3261 §25.1). */
    private static int userEnd(String uri) {
        return uri.indexOf('@');
    }
}
