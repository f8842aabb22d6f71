package org.sipproxy.nat;

import java.util.Optional;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.routing.ResponseStageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;

/**
 * The Contact of a callee behind a NAT gets its alias too: else the caller's ACK and BYE would go to the private address.
 *
 * <p>It is the callee's own, and behind a NAT, if its request went there by the address that it was seen at; or if our
 * Record-Route is the one nearest to it and its Contact shows it.
 */
final class MarkCallee implements ResponseStage {

    private final ContactAliasing contacts;
    private final NatDetection detection;
    private final KnownClients clients;

    MarkCallee(ContactAliasing contacts, NatDetection detection, KnownClients clients) {
        this.contacts = contacts;
        this.detection = detection;
        this.clients = clients;
    }

    @Override
    public void handle(ResponseStageContext context) {
        clients.heard(context.flow());
        SipResponse response = context.response();
        int status = response.statusCode();
        if (status <= 100 || status >= 300 || !response.hasHeader(HeaderName.CONTACT)) {
            return;
        }
        try {
            if (response.cseq().method() == Method.REGISTER || !isBehindNat(context, response)) {
                return;
            }
            ContactSpan contact = ContactSpan.of(response);
            if (contact != null) {
                context.replace(contacts.mark(
                        response, contact, context.flow(), ContactAliasing.user(response, HeaderName.TO)));
            }
        } catch (SipParseException e) {
            // a callee that cannot write a Record-Route: the caller gets the response as it came
        }
    }

    private boolean isBehindNat(ResponseStageContext context, SipResponse response) throws SipParseException {
        Optional<Boolean> nearest = FirstHop.isOurs(response, context::isMyself);
        if (nearest.isPresent() && !nearest.get()) {
            return false;
        }
        Target target = context.target().orElse(null);
        if (target != null && target.received() != null && target.routes().isEmpty()) {
            return true;
        }
        return nearest.isPresent() && detection.isBehindNat(response, context.flow());
    }
}
