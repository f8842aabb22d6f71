package org.sipproxy.core.internal.thirdparty;

import java.util.Locale;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;

/**
 * Body of a message and the header lines that describe it, to be passed on unread.
 *
 * @param headerLines Content-Type and similar lines, each with its line end
 * @param content the body
 */
record Body(byte[] headerLines, byte[] content) {

    static final Body NONE = new Body(new byte[0], new byte[0]);

    private static final HeaderName MIME_VERSION = HeaderName.of("MIME-Version");

    static Body of(SipMessage message) {
        if (message.bodyLength() == 0) {
            return NONE;
        }
        ByteWriter lines = new ByteWriter(64);
        for (int i = 0; i < message.headerCount(); i++) {
            if (describesBody(message, i)) {
                lines.bytes(
                        message.index(),
                        message.index().lineStart(i),
                        message.index().lineEnd(i));
            }
        }
        return new Body(lines.toBytes(), message.body());
    }

    private static boolean describesBody(SipMessage message, int line) {
        HeaderName name = message.headerName(line);
        return !name.equals(HeaderName.CONTENT_LENGTH)
                && (name.name().toLowerCase(Locale.ROOT).startsWith("content-") || name.equals(MIME_VERSION));
    }

    boolean isEmpty() {
        return content.length == 0;
    }
}
