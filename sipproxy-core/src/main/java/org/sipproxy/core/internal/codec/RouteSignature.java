package org.sipproxy.core.internal.codec;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.KeyedHash;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.SipUri;

/**
 * The parameter {@code rs} of our Record-Route URIs: a keyed hash of the Call-ID. A request inside a dialog that comes back with
 * it belongs to a dialog that went through here; whoever makes up a Route does not have it.
 */
public final class RouteSignature {

    private static final String NAME = "rs";
    private static final byte[] PARAMETER = ";rs=".getBytes(StandardCharsets.US_ASCII);
    private static final int DIGITS = 16;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private final KeyedHash key;

    /** @param secret shared by proxies that take over each other's dialogs; null for one that dies with this process */
    public RouteSignature(byte @Nullable [] secret) {
        this.key = secret == null ? KeyedHash.random() : KeyedHash.of(secret, "record-route");
    }

    /** {@code ;rs=} and 16 hex digits for the dialog that the request makes or belongs to. */
    public byte[] parameter(SipRequest request) {
        byte[] text = new byte[PARAMETER.length + DIGITS];
        System.arraycopy(PARAMETER, 0, text, 0, PARAMETER.length);
        long hash = hash(request);
        for (int i = text.length - 1; i >= PARAMETER.length; i--) {
            text[i] = HEX[(int) hash & 15];
            hash >>>= 4;
        }
        return text;
    }

    /** True if the URI is one that we put into Record-Route for the request's dialog. */
    public boolean isOn(SipUri route, SipRequest request) {
        String presented = route.parameter(NAME).orElse("");
        if (presented.length() != DIGITS) {
            return false;
        }
        long expected = hash(request);
        int difference = 0;
        for (int i = 0; i < DIGITS; i++) {
            // every digit is looked at, so that the time tells nothing
            difference |= Character.digit(presented.charAt(i), 16) ^ (int) (expected >>> (4 * (DIGITS - 1 - i))) & 15;
        }
        return difference == 0;
    }

    private long hash(SipRequest request) {
        int line = request.firstHeader(HeaderName.CALL_ID);
        return line < 0 ? 0 : key.hash(request.wire(), request.valueStart(line), request.valueEnd(line));
    }
}
