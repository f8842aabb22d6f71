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
 * Stage that adds an alias to the Contact of a callee behind a NAT. Without it, the caller's ACK and BYE would be sent
 * to the private address.
 *
 * <p>The callee is behind a NAT if its request was sent to the address at which it was seen. It also is if this proxy's
 * Record-Route is the topmost one and the response itself shows a NAT.
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
        clients.received(context.flow());
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
            // the callee's Record-Route or CSeq is malformed: pass the response on unchanged
        }
    }

    private boolean isBehindNat(ResponseStageContext context, SipResponse response) throws SipParseException {
        Optional<Boolean> nearest = FirstHop.isThisProxy(response, context::isMyself);
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
