package org.sipproxy.core.internal.registrar;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Binding;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;

/**
 * A validated contact of a REGISTER (RFC 3261 §10.3 step 7, §20.10; RFC 5626 §4.1).
 *
 * @param uri the URI, still backed by the message's bytes
 * @param lifetimeSeconds the granted lifetime; 0 removes the contact
 * @param q 0 to 1, or {@link Binding#Q_UNSPECIFIED}
 * @param instanceId {@code +sip.instance} with its angle brackets; empty if none
 * @param regId 0 if none, or if there is no instance to count within
 */
record RequestedContact(SipUri uri, int lifetimeSeconds, float q, String instanceId, int regId) {

    /** Kamailio's {@code contact_max_size} and the width of its column, so that the row fits in a shared database. */
    private static final int MAX_URI_BYTES = 512;

    private static final int MAX_INSTANCE_CHARS = 255;

    static RequestedContact of(NameAddress contact, Lifetimes lifetimes, long headerExpires)
            throws SipParseException, RegistrationRefused {
        SipUri uri = contact.uri();
        if (uri.length() > MAX_URI_BYTES) {
            throw bad("contact URI has " + uri.length() + " bytes (at most " + MAX_URI_BYTES + ")");
        }
        if (!uri.isAscii() && uri.toString().indexOf('\ufffd') >= 0) {
            throw bad("contact URI is not UTF-8"); // a store for text would change it
        }
        int lifetime = lifetimes.granted(value(contact, "expires"), headerExpires);
        float q = q(value(contact, "q"));
        String instance = instanceId(contact.parameter("+sip.instance").orElse(""));
        int regId = regId(value(contact, "reg-id"));
        return new RequestedContact(uri, lifetime, q, instance, instance.isEmpty() ? 0 : regId);
    }

    boolean isRemoval() {
        return lifetimeSeconds == 0;
    }

    /** Returns the parameter's value; null if it is absent or empty, which counts as absent. */
    private static @Nullable String value(NameAddress contact, String name) {
        return contact.parameter(name).filter(text -> !text.isEmpty()).orElse(null);
    }

    /** Returns a number from 0 to 1 with three decimals, as in Kamailio; §25.1 does not allow more decimals. */
    private static float q(@Nullable String text) throws RegistrationRefused {
        if (text == null) {
            return Binding.Q_UNSPECIFIED;
        }
        int point = text.indexOf('.');
        int whole = point < 0 ? text.length() : point;
        boolean digits = text.length() > (point < 0 ? 0 : 1);
        long thousandths = 0;
        for (int i = 0, unit = 100; digits && i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (i != point) {
                digits = digit >= 0 && digit <= 9;
                thousandths = i < whole
                        ? Math.min(thousandths * 10 + digit * 1000L, 10_000)
                        : thousandths + (long) digit * unit;
                unit /= i < whole ? 1 : 10;
            }
        }
        if (!digits || thousandths > 1000) {
            throw bad("contact q is not a number from 0 to 1: \"" + SipParseException.excerpt(text) + "\"");
        }
        return thousandths / 1000f;
    }

    /**
     * Checks that the value can be written between quotes in a header, so it must not contain anything that ends them.
     */
    private static String instanceId(String text) throws RegistrationRefused {
        if (text.length() > MAX_INSTANCE_CHARS) {
            throw bad("+sip.instance has " + text.length() + " characters (at most " + MAX_INSTANCE_CHARS + ")");
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c >= 0x7f || c == '"' || c == '\\') {
                throw bad("+sip.instance has a character that is not permitted: \"" + SipParseException.excerpt(text)
                        + "\"");
            }
        }
        return text;
    }

    /** A value that RFC 5626 §4.2 does not allow counts as absent; the instance still identifies the contact. */
    private static int regId(@Nullable String text) {
        long value = text == null ? 0 : Lifetimes.seconds(text);
        return value < 0 || value > Integer.MAX_VALUE ? 0 : (int) value;
    }

    private static RegistrationRefused bad(String why) {
        return new RegistrationRefused(StatusCode.BAD_REQUEST, why);
    }
}
