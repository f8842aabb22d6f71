package org.sipproxy.api.auth;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipResponse;

/**
 * A digest challenge that can be answered (RFC 7616 §3.3).
 *
 * @param byProxy true for one of Proxy-Authenticate
 * @param algorithm the hash
 * @param session true for the {@code -sess} variant
 * @param opaque null if there is none
 * @param qop true if {@code qop=auth} is offered; false for a server of RFC 2069
 */
record DigestChallenge(
        boolean byProxy,
        String realm,
        String nonce,
        DigestAlgorithm algorithm,
        boolean session,
        @Nullable String opaque,
        boolean qop,
        boolean stale) {

    private static final String SESSION = "-SESS";

    /** Returns the challenges of a response that can be answered, in their order. Skips all others. */
    static List<DigestChallenge> of(SipResponse response) {
        List<DigestChallenge> all = new ArrayList<>(2);
        for (int i = 0; i < response.headerCount(); i++) {
            boolean byProxy = response.isHeader(i, HeaderName.PROXY_AUTHENTICATE);
            if (byProxy || response.isHeader(i, HeaderName.WWW_AUTHENTICATE)) {
                new Reader(response.value(i)).readInto(all, byProxy);
            }
        }
        return all;
    }

    private static Optional<DigestChallenge> of(Map<String, String> parameters, boolean byProxy) {
        String realm = parameters.get("realm");
        String nonce = parameters.get("nonce");
        String token = parameters
                .getOrDefault("algorithm", DigestAlgorithm.MD5.token())
                .toUpperCase(Locale.ROOT);
        boolean session = token.endsWith(SESSION);
        DigestAlgorithm algorithm = DigestAlgorithm.of(
                        session ? token.substring(0, token.length() - SESSION.length()) : token)
                .orElse(null);
        String qop = parameters.get("qop");
        if (realm == null || nonce == null || algorithm == null || (qop != null && !offersAuth(qop))) {
            return Optional.empty();
        }
        return Optional.of(new DigestChallenge(
                byProxy,
                realm,
                nonce,
                algorithm,
                session,
                parameters.get("opaque"),
                qop != null,
                "true".equalsIgnoreCase(parameters.get("stale"))));
    }

    private static boolean offersAuth(String qop) {
        for (String option : qop.split(",", -1)) {
            if (option.strip().equalsIgnoreCase("auth")) {
                return true;
            }
        }
        return false;
    }

    /**
     * Reader of the value of one header line. A line should have one challenge (RFC 3261 §7.3.1), but some servers put
     * several into one.
     */
    private static final class Reader {

        private final String text;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        void readInto(List<DigestChallenge> all, boolean byProxy) {
            String scheme = token();
            while (!scheme.isEmpty()) {
                Map<String, String> parameters = new LinkedHashMap<>();
                String next = parameters(parameters);
                if (next == null) {
                    return; // malformed: it is not known where the next challenge begins
                }
                if (scheme.equalsIgnoreCase("Digest")) {
                    of(parameters, byProxy).ifPresent(all::add);
                }
                scheme = next;
            }
        }

        /** Returns the scheme of the next challenge, empty text at the end, or null if the text is malformed. */
        private @Nullable String parameters(Map<String, String> into) {
            while (true) {
                skip(" \t,");
                String name = token();
                if (name.isEmpty()) {
                    return at == text.length() ? "" : null;
                }
                skip(" \t");
                if (at == text.length() || text.charAt(at) != '=') {
                    return name;
                }
                at++;
                skip(" \t");
                String value = at < text.length() && text.charAt(at) == '"' ? quoted() : token();
                if (value == null || into.putIfAbsent(name.toLowerCase(Locale.ROOT), value) != null) {
                    return null; // two values: another reader may use the other one
                }
            }
        }

        private void skip(String characters) {
            while (at < text.length() && characters.indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        private String token() {
            int from = at;
            while (at < text.length() && isToken(text.charAt(at))) {
                at++;
            }
            return text.substring(from, at);
        }

        private static boolean isToken(char c) {
            return (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || "-.!%*_+`'~".indexOf(c) >= 0;
        }

        /** Returns null if the end quote is missing, or for a control character, which cannot be sent back. */
        private @Nullable String quoted() {
            StringBuilder value = new StringBuilder();
            for (at++; at < text.length(); at++) {
                char c = text.charAt(at);
                if (c == '"') {
                    at++;
                    return value.toString();
                }
                if (c == '\\' && at + 1 < text.length()) {
                    c = text.charAt(++at);
                }
                if ((c < ' ' && c != '\t') || c == 0x7f) {
                    return null;
                }
                value.append(c);
            }
            return null;
        }
    }
}
