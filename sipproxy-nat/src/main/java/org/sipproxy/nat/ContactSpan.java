package org.sipproxy.nat;

import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * Position of the first Contact URI in the bytes of a message.
 *
 * @param uriStart where the URI starts
 * @param uriEnd where it ends
 * @param hostStart where its host starts
 * @param hostEnd where its host ends
 * @param port its port; -1 if it has none
 * @param addressEnd where host and port end
 * @param headersStart where the {@code ?} of its header fields is, or {@code uriEnd}
 * @param bracketed true if the URI is between angle brackets
 */
record ContactSpan(
        int uriStart,
        int uriEnd,
        int hostStart,
        int hostEnd,
        int port,
        int addressEnd,
        int headersStart,
        boolean bracketed) {

    /** Returns the span; null if there is no Contact, or its first element is a star, not a SIP URI, or malformed. */
    static @Nullable ContactSpan of(SipMessage message) {
        try {
            NameAddress contact = message.firstAddress(HeaderName.CONTACT).orElse(null);
            return contact == null ? null : of(contact, contact.uri());
        } catch (SipParseException e) {
            return null;
        }
    }

    private static @Nullable ContactSpan of(NameAddress contact, SipUri uri) {
        return !uri.isSip()
                ? null
                : new ContactSpan(
                        contact.index().uriStart(),
                        contact.index().uriEnd(),
                        uri.index().hostStart(),
                        uri.index().hostEnd(),
                        uri.port(),
                        uri.index().addressEnd(),
                        uri.index().headersStart(),
                        contact.isBracketed());
    }
}
