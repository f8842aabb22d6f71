package org.sipproxy.nat;

import java.nio.charset.StandardCharsets;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.wire.MessageIndex;
import org.sipproxy.message.wire.Splice;

/** Edits of the first Contact URI of a message; each returns a copy. */
final class ContactEdit {

    private static final byte[] OPEN = {'<'};
    private static final byte[] NONE = {};

    private ContactEdit() {}

    /** Adds parameters to the URI. Removes an older alias, which a client echoes if it has seen its own. */
    static <M extends SipMessage> M alias(M message, ContactSpan contact, String parameters) {
        Splice splice = new Splice();
        if (!contact.bracketed()) {
            splice.insert(contact.uriStart(), OPEN);
        }
        deleteAlias(message, contact, splice);
        splice.insert(contact.headersStart(), contact.bracketed() ? parameters : parameters + ">");
        return with(message, splice);
    }

    /** Removes an alias that this proxy wrote. Keeps the alias of another proxy. */
    static <M extends SipMessage> M unalias(M message, ContactSpan contact) {
        Splice splice = new Splice();
        return deleteAlias(message, contact, splice) ? with(message, splice) : message;
    }

    /** Replaces the URI's host and port by the source address of the message. */
    static <M extends SipMessage> M address(M message, ContactSpan contact, Flow flow) {
        String address = HostName.text(flow.remoteAddress().getAddress()) + ":"
                + flow.remoteAddress().getPort();
        return with(
                message,
                new Splice()
                        .replace(
                                contact.hostStart(),
                                contact.addressEnd(),
                                address.getBytes(StandardCharsets.US_ASCII)));
    }

    @SuppressWarnings("unchecked") // an edited request is a request, an edited response a response
    private static <M extends SipMessage> M with(M message, Splice splice) {
        return (M) message.with(splice);
    }

    /** Deletes alias parameters. True if one of them had this proxy's key. */
    private static boolean deleteAlias(SipMessage message, ContactSpan contact, Splice splice) {
        MessageIndex a = message.index();
        boolean ours = false;
        int i = contact.addressEnd();
        while (i < contact.headersStart()) {
            int end = i + 1;
            while (end < contact.headersStart() && a.byteAt(end) != ';') {
                end++;
            }
            byte[] parameter = a.byteAt(i) == ';' ? a.copy(i + 1, end) : NONE;
            if (UriText.isNamed(parameter, 0, parameter.length, ContactAlias.NAME, ContactAlias.KEY)) {
                splice.delete(i, end);
                ours |= UriText.isNamed(parameter, 0, parameter.length, ContactAlias.KEY);
            }
            i = end;
        }
        return ours;
    }

    /** Returns the URI as its owner wrote it, for a look-up. */
    static SipUri withoutAlias(SipUri uri) {
        return uri.hasParameter(ContactAlias.NAME) ? UriText.without(uri, ContactAlias.NAME, ContactAlias.KEY) : uri;
    }
}
