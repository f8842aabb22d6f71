package org.sipproxy.nat;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.transport.Flow;

/** What a Contact gets that leaves us, if its owner is behind a NAT: an alias, or a new address for hosts that asked for it. */
final class ContactAliasing {

    private final AliasWriter aliases;
    private final KnownClients clients;
    private final NatCounters counters;
    private final boolean fixesContact;

    ContactAliasing(AliasWriter aliases, KnownClients clients, NatCounters counters, boolean fixesContact) {
        this.aliases = aliases;
        this.clients = clients;
        this.counters = counters;
        this.fixesContact = fixesContact;
    }

    /**
     * Marks the Contact of a message that came on {@code flow}.
     *
     * @param user who the sender says to be; null if that cannot be read
     */
    void mark(SipMessage message, ContactSpan contact, Flow flow, @Nullable SipUri user) {
        try {
            if (fixesContact) {
                ContactEdit.address(message, contact, flow);
            } else {
                int owner = owner(message, contact, flow, user);
                ContactEdit.alias(message, contact, aliases.parameters(flow, owner, clients.now()));
            }
            counters.aliasesWritten.increment();
        } catch (IllegalArgumentException e) {
            // a header line that fills what a line may hold: it goes on as it came
        }
    }

    /** The owner of the registration that has this contact, if the sender is who registered it; else 0. */
    private int owner(SipMessage message, ContactSpan contact, Flow flow, @Nullable SipUri user) {
        SipUri uri = uri(message, contact);
        if (uri == null) {
            return 0;
        }
        InetSocketAddress remote = flow.remoteAddress();
        for (Client client : clients.at(ContactEdit.withoutAlias(uri))) {
            if (client.flow.flow.remoteAddress().equals(remote) || (user != null && isUser(user, client.aor))) {
                return client.owner;
            }
        }
        return 0;
    }

    /** The URI in From or To; null if it cannot be read. */
    static @Nullable SipUri user(SipMessage message, HeaderName fromOrTo) {
        try {
            return (fromOrTo.equals(HeaderName.FROM) ? message.from() : message.to()).uri();
        } catch (SipParseException e) {
            return null;
        }
    }

    private static @Nullable SipUri uri(SipMessage message, ContactSpan contact) {
        try {
            return SipUri.parse(message.wire(), contact.uriStart(), contact.uriEnd());
        } catch (SipParseException e) {
            return null;
        }
    }

    /** True if a URI names the user of an address-of-record, as far as the texts tell. */
    private static boolean isUser(SipUri uri, Aor aor) {
        return uri.user().equalsIgnoreCase(aor.user()) && uri.hostIs(aor.domain());
    }
}
