package org.sipproxy.core.internal.registrar;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/**
 * Lifetime granted to a contact (RFC 3261 §10.3 step 7, §20.10, §20.19):
 *
 * <pre>
 * contact's expires   Expires header   requested
 * a number            any              that number
 * empty               any              as if it were absent, as in Kamailio
 * not a number        any              the default, not the header: as in §20.10 and Kamailio
 * absent              a number         that number
 * absent              not a number     the default
 * absent              absent           the default
 *
 * requested           granted
 * 0                   0, the contact is removed
 * 1 to min-1          refused with 423 and Min-Expires
 * min to max          as requested
 * above max           max; numbers above 2**32-1 count as that
 * </pre>
 */
final class Lifetimes {

    private static final long MAX_DELTA_SECONDS = 0xffff_ffffL;

    private static final long NOT_A_NUMBER = -1;

    private final int min;
    private final int max;
    private final int unasked;

    Lifetimes(RegistrarPolicy policy) {
        this.min = seconds(policy.minExpires());
        this.max = Math.max(min, seconds(policy.maxExpires()));
        this.unasked = Math.min(Math.max(seconds(policy.defaultExpires()), min), max);
    }

    private static int seconds(Duration duration) {
        return (int) Math.min(Integer.MAX_VALUE, duration.toSeconds());
    }

    /** Returns the seconds of the Expires header, or a negative number if it is absent or not a number. */
    static long expiresHeader(SipRequest request) {
        try {
            return request.number(HeaderName.EXPIRES, MAX_DELTA_SECONDS);
        } catch (SipParseException e) {
            return NOT_A_NUMBER;
        }
    }

    int granted(@Nullable String contactExpires, long headerExpires) throws RegistrationRefused {
        long asked = contactExpires == null ? headerExpires : seconds(contactExpires);
        if (asked < 0) {
            return unasked;
        }
        if (asked > 0 && asked < min) {
            throw new RegistrationRefused(
                    StatusCode.INTERVAL_TOO_BRIEF,
                    "registration of " + asked + " s is too brief (at least " + min + " s)",
                    "Min-Expires: " + min);
        }
        return (int) Math.min(asked, max);
    }

    /** Returns the delta-seconds, clamped to 2**32-1; -1 if the text is not a number. */
    static long seconds(String text) {
        long value = text.isEmpty() ? NOT_A_NUMBER : 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return NOT_A_NUMBER;
            }
            value = Math.min(value * 10 + (c - '0'), MAX_DELTA_SECONDS);
        }
        return value;
    }
}
