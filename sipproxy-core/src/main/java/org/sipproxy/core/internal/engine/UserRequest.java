package org.sipproxy.core.internal.engine;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.core.internal.codec.ResponseWriter;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.thirdparty.IncomingRequest;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/** Request of a user within a dialog of the proxy itself, with its server transaction. */
final class UserRequest implements IncomingRequest {

    private final RequestContext context;
    private final ServerTransaction transaction;

    UserRequest(RequestContext context, ServerTransaction transaction) {
        this.context = context;
        this.transaction = transaction;
    }

    @Override
    public SipRequest request() {
        return context.request();
    }

    @Override
    public void respond(int status, String phrase, byte[] headerLines, byte[] body, boolean withContact) {
        byte[] lines = withContact
                ? new ByteWriter(headerLines.length + 128)
                        .bytes(contact())
                        .bytes(headerLines)
                        .toBytes()
                : headerLines;
        byte[] wire = ResponseWriter.write(
                context.request(), LocalResponses.stamp(context), status, phrase, null, lines, body);
        synchronized (transaction) {
            transaction.respond(status, wire);
            if (status >= 200) {
                transaction.releaseRequest();
            }
        }
    }

    /** The Request-URI is the Contact that the user has. */
    private byte[] contact() {
        try {
            SipUri uri = context.request().requestUri();
            return context.flow().advertised().contact(uri.user(), uri.isSecure());
        } catch (SipParseException e) {
            throw new IllegalStateException("MessageSanity has checked the Request-URI", e);
        }
    }

    @Override
    public void waiting(Runnable cancelled) {
        synchronized (transaction) {
            transaction.onCancel(new ServerTransaction.CancelHandler() {
                @Override
                public void cancelled(byte @Nullable [] reasonLine) {
                    cancelled.run();
                }

                @Override
                public void shutdown() {
                    Outcome.Respond closing = LocalResponses.OVERLOADED;
                    respond(closing.statusCode(), closing.reason(), closing.headerLines(), new byte[0], false);
                }
            });
            transaction.trying();
        }
    }
}
