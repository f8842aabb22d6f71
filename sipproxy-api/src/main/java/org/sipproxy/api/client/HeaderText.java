package org.sipproxy.api.client;

import java.util.Map;
import java.util.Objects;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/** Checks of text that becomes part of a header line. */
final class HeaderText {

    static final String OF_THE_PROXY = "the proxy writes it";

    private HeaderText() {}

    /**
     * Checks that a header may be set.
     *
     * @param refused the headers that may not, with the reasons
     * @throws IllegalArgumentException if it is one of them
     */
    static void requireNoneOf(Map<HeaderName, String> refused, HeaderName name) {
        String why = refused.get(Objects.requireNonNull(name, "name"));
        if (why != null) {
            throw new IllegalArgumentException("header: " + name + " is not accepted; " + why);
        }
    }

    /**
     * Returns the text.
     *
     * @throws IllegalArgumentException if it is empty, or contains a control character such as a line end or NUL, which
     *     would start another header
     */
    static String require(String option, String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException(option + ": empty");
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ((c < ' ' && c != '\t') || c == 0x7f) {
                throw new IllegalArgumentException(
                        option + ": control character " + (int) c + " at " + i + " (expected one line of text)");
            }
        }
        return text;
    }

    /** Returns the address of a URI in From or To, outside a dialog. */
    static NameAddress outsideADialog(String option, SipUri uri) {
        return outsideADialog(option, parsed(option, "<" + Objects.requireNonNull(uri, option) + ">"));
    }

    /**
     * Returns a copy of an address in From or To, outside a dialog.
     *
     * @throws IllegalArgumentException if it has a tag or a control character
     */
    static NameAddress outsideADialog(String option, NameAddress address) {
        String text = require(option, Objects.requireNonNull(address, option).toString());
        if (address.hasParameter("tag")) {
            throw new IllegalArgumentException(
                    option + ": " + text + " has a tag (expected an address outside a dialog)");
        }
        return parsed(option, text); // a copy: the address may be part of a received message
    }

    private static NameAddress parsed(String option, String text) {
        try {
            return NameAddress.parse(text);
        } catch (SipParseException e) {
            throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
        }
    }
}
