package org.sipproxy.server.flow;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Mask of the values with which a reader of a message could impersonate a user: digest responses and client nonces,
 * other credentials, passwords in URIs, the proxy's signatures, media keys.
 *
 * <p>The sender chooses the text, so the patterns neither recurse nor read a part of it repeatedly: their quantifiers
 * are possessive.
 */
public final class SecretMask {

    /** Credentials of any scheme except Digest: everything after the scheme is secret. */
    private static final Pattern OTHER_SCHEMES =
            Pattern.compile("(?im)^((?:Proxy-)?Authorization[ \\t]*+:[ \\t]*+(?!Digest\\b)[^ \\t\\r\\n]++[ \\t]++)"
                    + "[^\\r\\n]*+(?:\\r?\\n[ \\t][^\\r\\n]*+)*+");

    private static final Pattern CREDENTIALS =
            Pattern.compile("(?i)(\\b(?:response|cnonce|rspauth|password)[ \\t]*+=[ \\t]*+)"
                    + "(?:\"(?:[^\"\\\\\\r\\n]++|\\\\.)*+\"?+|[^,;\\s\"]++)");

    /** Group 2 is empty if no host follows: then it is not a password, but the match ends the search in this text. */
    private static final Pattern URI_PASSWORD = Pattern.compile("(?i)(\\bsips?:[^\\s:@<>;]*+:)[^\\s@<>]++(@?+)");

    private static final Pattern SIGNATURES = Pattern.compile("(?i)(;[ \\t]*+(?:rs|ft|alias-key)=)[^;>\\s,?\"]++");

    private static final Pattern MEDIA_KEYS =
            Pattern.compile("(?im)(^a=crypto:.*?inline:|^a=key-mgmt:\\S+ |^k=\\w+:|^a=ice-pwd:)\\S++");

    private static final List<Pattern> ALL = List.of(OTHER_SCHEMES, CREDENTIALS, URI_PASSWORD, SIGNATURES, MEDIA_KEYS);

    private static final Pattern MASKED_CHARACTER = Pattern.compile("[^\"\\r\\n]");

    private static final HexFormat HEX = HexFormat.of();

    private SecretMask() {}

    /** Returns a message as text, each byte a character, with {@code ***} instead of each secret. */
    public static String text(byte[] wire) {
        return masked(wire, secret -> "***");
    }

    /** Returns the same, with lines that end in {@code \\n}, and everything else except printable ASCII escaped. */
    public static String printable(byte[] wire) {
        String text = text(wire);
        StringBuilder out = new StringBuilder(text.length() + 256);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n' || c >= ' ' && c < 0x7f || c == '\t') {
                out.append(c);
            } else if (c != '\r' || i + 1 == text.length() || text.charAt(i + 1) != '\n') {
                out.append("\\x").append(HEX.toHexDigits((byte) c));
            }
        }
        return out.toString();
    }

    /**
     * Returns a copy of a message with an asterisk instead of each character of a secret, so that Content-Length stays
     * right.
     */
    public static byte[] sameLength(byte[] wire) {
        return masked(wire, secret -> MASKED_CHARACTER.matcher(secret).replaceAll("*"))
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String masked(byte[] wire, UnaryOperator<String> mask) {
        String text = new String(wire, StandardCharsets.ISO_8859_1);
        for (Pattern secret : ALL) {
            text = secret.matcher(text).replaceAll(found -> Matcher.quoteReplacement(masked(found, mask)));
        }
        return text;
    }

    private static String masked(MatchResult found, UnaryOperator<String> mask) {
        String text = found.group();
        String end = found.groupCount() == 1 ? "" : found.group(2);
        if (found.groupCount() == 2 && end.isEmpty()) {
            return text;
        }
        String begin = found.group(1);
        return begin + mask.apply(text.substring(begin.length(), text.length() - end.length())) + end;
    }
}
