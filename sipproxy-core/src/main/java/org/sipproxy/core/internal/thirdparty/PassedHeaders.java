package org.sipproxy.core.internal.thirdparty;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;

/**
 * Header lines that pass from one dialog to the other: all but those that belong to a dialog, a hop or a realm. Of the
 * option tags only {@code timer} passes (RFC 4028): the others promise what one of the users may not support in the
 * other dialog, such as 100rel or outbound.
 */
final class PassedHeaders {

    private static final String TIMER = "timer";

    private static final Set<HeaderName> NOT_PASSED = Set.of(
            HeaderName.VIA,
            HeaderName.FROM,
            HeaderName.TO,
            HeaderName.CALL_ID,
            HeaderName.CSEQ,
            HeaderName.CONTACT,
            HeaderName.ROUTE,
            HeaderName.RECORD_ROUTE,
            HeaderName.MAX_FORWARDS,
            HeaderName.MAX_BREADTH,
            HeaderName.CONTENT_LENGTH,
            HeaderName.AUTHORIZATION,
            HeaderName.PROXY_AUTHORIZATION,
            HeaderName.WWW_AUTHENTICATE,
            HeaderName.PROXY_AUTHENTICATE,
            HeaderName.AUTHENTICATION_INFO,
            HeaderName.REQUIRE,
            HeaderName.PROXY_REQUIRE,
            HeaderName.SUPPORTED,
            HeaderName.PATH,
            HeaderName.SERVICE_ROUTE,
            HeaderName.TIMESTAMP,
            HeaderName.of("RAck"),
            HeaderName.of("RSeq"),
            HeaderName.of("Replaces"),
            HeaderName.of("Target-Dialog"),
            HeaderName.of("In-Reply-To"));

    private PassedHeaders() {}

    /** Returns the lines, those that describe the body included, each with its line end. */
    static byte[] of(SipMessage message) {
        ByteWriter lines = new ByteWriter(256);
        for (int i = 0; i < message.headerCount(); i++) {
            if (!NOT_PASSED.contains(message.headerName(i))) {
                lines.bytes(
                        message.index(),
                        message.index().lineStart(i),
                        message.index().lineEnd(i));
            }
        }
        if (message.listContains(HeaderName.SUPPORTED, TIMER)) {
            lines.text("Supported: timer").crlf();
        }
        if (message.listContains(HeaderName.REQUIRE, TIMER)) {
            lines.text("Require: timer").crlf();
        }
        return lines.toBytes();
    }

    /** Returns the option tags in Require that do not pass; empty if the request can be passed on. */
    static List<String> unsupported(SipMessage request) {
        List<String> tags = new ArrayList<>();
        for (String line : request.headers(HeaderName.REQUIRE)) {
            for (String element : line.split(",", -1)) {
                String tag = element.strip();
                if (!tag.isEmpty() && !tag.toLowerCase(Locale.ROOT).equals(TIMER)) {
                    tags.add(tag);
                }
            }
        }
        return tags;
    }
}
