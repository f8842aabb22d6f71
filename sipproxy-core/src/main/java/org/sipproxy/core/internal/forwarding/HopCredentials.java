package org.sipproxy.core.internal.forwarding;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.pipeline.LocalNames;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;
import org.sipproxy.message.wire.MessageIndex;
import org.sipproxy.message.wire.Splice;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Filter for the hop between a client and this proxy. Credentials for the proxy's realms do not leave it (RFC 3261
 * §22.3), and challenges for them are sent only by this proxy. Otherwise a callee could pass on one of this proxy's
 * challenges to its caller and use the caller's credentials.
 *
 * <p>The realms are the proxy's domains and those to which its {@link Authentication} is fixed. A proxy without
 * authentication does not have a realm, because what it forwards may be meant for a server behind it that does. Two
 * servers that share a domain must not challenge each other's requests, so each has to trust the other.
 *
 * <p>A line that names several realms belongs to this proxy if one of them does. A line that breaks the grammar belongs
 * to this proxy if it mentions one of its realms at all, because it is unknown how the next parser reads it.
 */
public final class HopCredentials {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.ROUTING);
    private static final byte[] FORBIDDEN = "403 Forbidden".getBytes(StandardCharsets.US_ASCII);
    private static final int STATUS_CODE = "SIP/2.0 ".length();
    private static final String REALM = "realm";
    private static final String DIGEST = "digest";

    private final FailureLog challenges = new FailureLog();
    private final Supplier<LocalNames> names;
    private final boolean authenticates;
    private final Set<String> fixedRealms;

    /**
     * @param authentication null if the proxy has none
     */
    public HopCredentials(Supplier<LocalNames> names, @Nullable Authentication authentication) {
        this.names = names;
        this.authenticates = authentication != null;
        this.fixedRealms = authentication == null ? Set.of() : Set.copyOf(authentication.fixedRealms());
    }

    /** Removes the credentials for this proxy from the request that is forwarded. */
    void remove(Splice splice, RequestContext context) {
        SipRequest request = context.request();
        byte[] used = context.credentialsLine();
        if (used == null
                && request.firstHeader(HeaderName.AUTHORIZATION) < 0
                && request.firstHeader(HeaderName.PROXY_AUTHORIZATION) < 0) {
            return;
        }
        String proven = context.authenticatedRealm();
        MessageIndex wire = request.index();
        for (int i = 0; i < request.headerCount(); i++) {
            int start = request.index().lineStart(i);
            int end = request.index().lineEnd(i);
            boolean credentials = request.isHeader(i, HeaderName.AUTHORIZATION)
                    || request.isHeader(i, HeaderName.PROXY_AUTHORIZATION);
            if ((credentials && isForThisProxy(request, i, proven))
                    || (used != null && wire.equals(start, end, used))) {
                splice.delete(start, end);
            }
        }
    }

    /**
     * Returns the response without challenges for this proxy's realms, or the same object if there are none. A 401 or
     * 407 whose challenges are all removed becomes a 403: the caller cannot satisfy the server that refused, and a 500
     * would let it retry.
     *
     * @param from the flow over which the response arrived
     */
    public SipResponse withoutChallenges(SipResponse response, TransportFlow from) throws SipParseException {
        if (!authenticates
                || (response.firstHeader(HeaderName.WWW_AUTHENTICATE) < 0
                        && response.firstHeader(HeaderName.PROXY_AUTHENTICATE) < 0)) {
            return response;
        }
        Splice splice = null;
        boolean others = false;
        for (int i = 0; i < response.headerCount(); i++) {
            if (!response.isHeader(i, HeaderName.WWW_AUTHENTICATE)
                    && !response.isHeader(i, HeaderName.PROXY_AUTHENTICATE)) {
                continue;
            }
            if (isForThisProxy(response, i, null)) {
                splice = splice == null ? new Splice() : splice;
                splice.delete(response.index().lineStart(i), response.index().lineEnd(i));
            } else {
                others = true;
            }
        }
        if (splice == null) {
            return response;
        }
        challenges.warn(
                LOG,
                "removed a challenge for a realm of this proxy from a response of " + from.remoteAddress()
                        + "; if that server shares the domain, configure it to trust this proxy");
        int status = response.statusCode();
        if (!others && (status == StatusCode.UNAUTHORIZED || status == StatusCode.PROXY_AUTHENTICATION_REQUIRED)) {
            splice.replace(STATUS_CODE, ResponseRewriter.startLineEnd(response), FORBIDDEN);
        }
        return (SipResponse) SipMessage.parse(response.index().apply(splice), response.limits());
    }

    /**
     * Returns true if the line names one of this proxy's realms, or is for digest and names none: then it cannot be for
     * another server.
     */
    private boolean isForThisProxy(SipMessage message, int line, @Nullable String proven) {
        MessageIndex a = message.index();
        boolean digest = false;
        boolean named = false;
        int to = message.index().valueEnd(line);
        int i = message.index().valueStart(line);
        while (true) {
            while (i < to && (isSpace(a.byteAt(i)) || a.byteAt(i) == ',')) {
                i++;
            }
            if (i == to) {
                return digest && !named && authenticates;
            }
            int name = i;
            while (i < to && isToken(a.byteAt(i))) {
                i++;
            }
            int nameEnd = i;
            i = skipSpace(a, i, to);
            if (nameEnd == name) {
                return mentionsOwnRealm(message, line, proven);
            }
            if (i == to || a.byteAt(i) != '=') {
                digest |= plain(a, name, nameEnd).equalsIgnoreCase(DIGEST);
                continue; // a scheme
            }
            int value = skipSpace(a, i + 1, to);
            boolean quoted = value < to && a.byteAt(value) == '"';
            i = quoted ? quotedEnd(a, value, to) : plainEnd(a, value, to);
            if (i < 0 || (i < to && !isSpace(a.byteAt(i)) && a.byteAt(i) != ',')) {
                return mentionsOwnRealm(message, line, proven);
            }
            if (isRealm(a, name, nameEnd)) {
                named = true;
                if (isOwnRealm(quoted ? unquoted(a, value, i) : plain(a, value, i), proven)) {
                    return true;
                }
            }
        }
    }

    private boolean isOwnRealm(String realm, @Nullable String proven) {
        String text = realm.replace('\'', ' ').strip(); // some clients write it between apostrophes
        if (proven != null && text.equalsIgnoreCase(proven)) {
            return true;
        }
        return authenticates
                && (names.get().isDomain(text) || fixedRealms.stream().anyMatch(text::equalsIgnoreCase));
    }

    private boolean mentionsOwnRealm(SipMessage message, int line, @Nullable String proven) {
        List<String> realms = new ArrayList<>(authenticates ? names.get().domains() : List.of());
        realms.addAll(fixedRealms);
        if (proven != null) {
            realms.add(proven);
        }
        String text = plain(
                        message.index(),
                        message.index().valueStart(line),
                        message.index().valueEnd(line))
                .replace("\\", "")
                .toLowerCase(Locale.ROOT);
        return realms.stream().anyMatch(realm -> text.contains(realm.toLowerCase(Locale.ROOT)));
    }

    private static boolean isRealm(MessageIndex a, int from, int to) {
        return to - from == REALM.length() && plain(a, from, to).equalsIgnoreCase(REALM);
    }

    /** Returns the position after the closing quote; -1 if there is none. */
    private static int quotedEnd(MessageIndex a, int open, int to) {
        for (int i = open + 1; i < to; i++) {
            if (a.byteAt(i) == '\\') {
                i++;
            } else if (a.byteAt(i) == '"') {
                return i + 1;
            }
        }
        return -1;
    }

    private static int plainEnd(MessageIndex a, int from, int to) {
        int i = from;
        while (i < to && !isSpace(a.byteAt(i)) && a.byteAt(i) != ',' && a.byteAt(i) != '"') {
            i++;
        }
        return i;
    }

    private static String unquoted(MessageIndex a, int open, int end) {
        StringBuilder text = new StringBuilder(end - open);
        for (int i = open + 1; i < end - 1; i++) {
            if (a.byteAt(i) == '\\') {
                i++;
            }
            text.append((char) (a.byteAt(i) & 0xff));
        }
        return text.toString();
    }

    private static String plain(MessageIndex a, int from, int to) {
        return new String(a.copy(from, to), StandardCharsets.ISO_8859_1);
    }

    private static int skipSpace(MessageIndex a, int from, int to) {
        int i = from;
        while (i < to && isSpace(a.byteAt(i))) {
            i++;
        }
        return i;
    }

    /** LWS (§25.1), also in a folded line. */
    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t' || b == '\r' || b == '\n';
    }

    private static boolean isToken(byte b) {
        return (b >= 'a' && b <= 'z')
                || (b >= 'A' && b <= 'Z')
                || (b >= '0' && b <= '9')
                || "-.!%*_+`'~/".indexOf(b) >= 0; // the slash for a token68 such as that of Basic
    }
}
