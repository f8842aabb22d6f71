package org.sipproxy.nat;

import java.nio.charset.StandardCharsets;
import org.sipproxy.api.message.HostName;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.message.Splice;
import org.sipproxy.api.transport.Flow;

/** Changes of the first Contact URI, as splices; all else of the message stays as it came. */
final class ContactEdit {

    private static final byte[] OPEN = {'<'};

    private ContactEdit() {}

    /** Adds parameters to the URI; an older alias, as a client echoes that has seen its own, goes. */
    static void alias(SipMessage message, ContactSpan contact, String parameters) {
        Splice splice = new Splice();
        if (!contact.bracketed()) {
            splice.insert(contact.uriStart(), OPEN);
        }
        deleteAlias(message, contact, splice);
        splice.insert(contact.headersStart(), contact.bracketed() ? parameters : parameters + ">");
        message.edit(splice);
    }

    /** Takes an alias of ours away, if there is one; somebody else's is somebody else's to deal with. */
    static void unalias(SipMessage message, ContactSpan contact) {
        Splice splice = new Splice();
        if (deleteAlias(message, contact, splice)) {
            message.edit(splice);
        }
    }

    /** Puts the address that the message came from in the place of the URI's host and port. */
    static void address(SipMessage message, ContactSpan contact, Flow flow) {
        String address = HostName.text(flow.remoteAddress().getAddress()) + ":"
                + flow.remoteAddress().getPort();
        message.edit(new Splice()
                .replace(contact.hostStart(), contact.addressEnd(), address.getBytes(StandardCharsets.US_ASCII)));
    }

    /** True if it is one of ours. */
    private static boolean deleteAlias(SipMessage message, ContactSpan contact, Splice splice) {
        byte[] a = message.wire();
        boolean ours = false;
        int i = contact.addressEnd();
        while (i < contact.headersStart()) {
            int end = i + 1;
            while (end < contact.headersStart() && a[end] != ';') {
                end++;
            }
            if (a[i] == ';' && UriText.isNamed(a, i + 1, end, ContactAlias.NAME, ContactAlias.KEY)) {
                splice.delete(i, end);
                ours |= UriText.isNamed(a, i + 1, end, ContactAlias.KEY);
            }
            i = end;
        }
        return ours;
    }

    /** The URI as its owner wrote it, for a look-up. */
    static SipUri withoutAlias(SipUri uri) {
        return uri.hasParameter(ContactAlias.NAME) ? UriText.without(uri, ContactAlias.NAME, ContactAlias.KEY) : uri;
    }
}
