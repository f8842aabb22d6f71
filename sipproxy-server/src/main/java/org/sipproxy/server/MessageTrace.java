package org.sipproxy.server;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Log of complete messages at TRACE in {@code org.sipproxy.trace}. Each message is a block: direction, transport,
 * addresses and size, then the message, indented, so that its lines cannot be mistaken for lines of the log. {@code
 * ***} replaces values with which a reader of the log could impersonate a user: digest responses and client nonces,
 * flow tokens and signatures in URIs, media keys. Everything except printable ASCII is escaped.
 */
final class MessageTrace implements WireListener {

    private static final Logger LOG = LoggerFactory.getLogger("org.sipproxy.trace");

    private static final String MASK = "$1***";

    private static final Pattern CREDENTIALS = Pattern.compile(
            "(?i)(\\b(?:response|cnonce|rspauth|password)[ \\t]*=[ \\t]*)(?:\"(?:[^\"\\\\\\r\\n]|\\\\.)*\"?|[^,;\\s\"]+)");

    /** Credentials of any scheme except Digest: everything after the scheme is secret. */
    private static final Pattern OTHER_SCHEMES = Pattern.compile(
            "(?im)^((?:Proxy-)?Authorization[ \\t]*:[ \\t]*(?!Digest\\b)[^ \\t\\r\\n]+[ \\t]+)[^\\r\\n]*(?:\\r?\\n[ \\t][^\\r\\n]*)*");

    private static final Pattern URI_PASSWORD = Pattern.compile("(?i)(\\bsips?:[^\\s:@<>;]*:)[^\\s@<>]+(?=@)");

    private static final Pattern SIGNATURES = Pattern.compile("(?i)(;[ \\t]*(?:rs|ft|alias-key)=)[^;>\\s,?\"]+");

    private static final Pattern MEDIA_KEYS =
            Pattern.compile("(?im)(^a=crypto:.*?inline:|^a=key-mgmt:\\S+ |^k=\\w+:|^a=ice-pwd:)\\S+");

    @Override
    public void received(SipMessage message, Flow from) {
        log("RECEIVED", message, from, "from");
    }

    @Override
    public void sent(SipMessage message, Flow to) {
        log("SENT", message, to, "to");
    }

    private static void log(String what, SipMessage message, Flow flow, String direction) {
        if (LOG.isTraceEnabled()) {
            InetSocketAddress remote = flow.remoteAddress();
            LOG.trace(
                    "{} {} {} {}:{} at {} bytes={}{}",
                    what,
                    flow.kind().lowerCase(),
                    direction,
                    remote.getAddress() == null ? "-" : remote.getAddress().getHostAddress(),
                    remote.getPort(),
                    flow.endpoint(),
                    message.index().length(),
                    block(message.toBytes()));
        }
    }

    /** Returns the message on separate indented lines, masked. */
    static String block(byte[] wire) {
        String text = masked(new String(wire, StandardCharsets.ISO_8859_1));
        StringBuilder out = new StringBuilder(text.length() + 256).append("\n    ");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                out.append("\n    ");
            } else if (c >= ' ' && c < 0x7f || c == '\t') {
                out.append(c);
            } else if (c != '\r' || i + 1 == text.length() || text.charAt(i + 1) != '\n') {
                out.append(String.format("\\x%02x", (int) c));
            }
        }
        return out.toString().stripTrailing();
    }

    private static String masked(String text) {
        String masked = OTHER_SCHEMES.matcher(text).replaceAll(MASK);
        masked = CREDENTIALS.matcher(masked).replaceAll(MASK);
        masked = URI_PASSWORD.matcher(masked).replaceAll(MASK);
        masked = SIGNATURES.matcher(masked).replaceAll(MASK);
        return MEDIA_KEYS.matcher(masked).replaceAll(MASK);
    }
}
