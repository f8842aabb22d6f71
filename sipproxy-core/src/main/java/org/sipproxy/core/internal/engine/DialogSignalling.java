package org.sipproxy.core.internal.engine;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.client.RequestFailedException.Reason;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RelayProgress;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.thirdparty.Signalling;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transaction.TransactionBudget.Share;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the requests of the proxy's own dialogs. A request that begins a dialog is routed like one of the host
 * application, an in-dialog request like one of a user's phone.
 */
final class DialogSignalling implements Signalling {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    private final ProxyEngine engine;
    private final HostRequests requests;
    private final AckDispatcher acks;
    private final ParseLimits limits;
    private final FailureLog failures = new FailureLog();

    DialogSignalling(ProxyEngine engine, HostRequests requests) {
        this.engine = engine;
        this.requests = requests;
        this.acks = new AckDispatcher(engine);
        this.limits = engine.limits.toBuilder().messageBytes(16_777_216).build();
    }

    @Override
    public Invitation invite(Outgoing invite, InviteUser user, Executor executor) {
        SentInvite sent = new SentInvite(invite, user, executor);
        sent.begin();
        return sent;
    }

    @Override
    public CompletableFuture<SipResponse> send(Outgoing request) {
        return requests.send(request);
    }

    @Override
    public void ack(Outgoing ack) {
        RequestContext context = new RequestContext(
                ack.request(),
                requests.flow(),
                NoResponses.INSTANCE,
                engine.names(),
                engine.settings(),
                engine.time,
                engine.events);
        context.trust();
        context.ownDialog(new RequestContext.OwnDialog(null, ack.peer()));
        acks.send(context);
    }

    @Override
    public void execute(Runnable task) {
        requests.execute(task);
    }

    /** Path of the responses to an ACK, which has none. */
    private enum NoResponses implements ResponsePath {
        INSTANCE;

        @Override
        public void send(byte[] wire, SendFailure onFailure) {
            // an ACK has no response
        }

        @Override
        public boolean isReliable() {
            return true;
        }

        @Override
        public boolean isLocal() {
            return true;
        }
    }

    /** An INVITE: what happens under the lock of its transaction only queues a task of its user. */
    private final class SentInvite implements Invitation, HostAttempt.Sender, RelayProgress {

        private final Outgoing invite;
        private final InviteUser user;
        private final Executor executor;
        private final HostAttempt attempt;
        /** The sender of the latest 2xx. Guarded by the lock of the transaction. */
        private Sender peer;

        SentInvite(Outgoing invite, InviteUser user, Executor executor) {
            this.invite = invite;
            this.user = user;
            this.executor = executor;
            this.peer = invite.peer() == null ? Sender.HOST : invite.peer();
            this.attempt = new HostAttempt(engine, this, invite.request(), requests.flow());
            attempt.context.ownDialog(new RequestContext.OwnDialog(invite.token(), invite.peer()));
            attempt.context.progress(this);
        }

        void begin() {
            int bytes = attempt.context.retainedBytes();
            if (engine.table.budget().takes(Share.RESERVED, 2L * bytes)) {
                attempt.begin(0, bytes);
            } else {
                engine.table.budget().countRefused();
                onEnd(Reason.TOO_MANY_PENDING, RequestDispatcher.NO_MEMORY);
            }
        }

        @Override
        public void cancel(@Nullable String reason) {
            byte[] line = reason == null ? null : ("Reason: " + reason + "\r\n").getBytes(StandardCharsets.UTF_8);
            attempt.transaction.cancelled(line);
        }

        @Override
        public Outcome route(RequestContext context, boolean mayWait) {
            Target target = invite.target();
            if (invite.peer() != null) {
                return engine.pipeline.routeInDialog(context, mayWait);
            }
            return target != null ? Outcome.relay(target) : engine.pipeline.route(context, mayWait);
        }

        @Override
        public void provisional(RequestContext context, Target at) {
            // the response itself follows
        }

        @Override
        public void accepted(RequestContext context, byte[] response, TransportFlow from, Target at) {
            peer = Sender.of(from);
        }

        @Override
        public void onResponse(byte[] wire, boolean isLocal, String failure) {
            Sender from = peer;
            executor.execute(() -> pass(wire, isLocal ? failure : "", from));
        }

        private void pass(byte[] wire, String failure, Sender from) {
            SipResponse response;
            try {
                response = (SipResponse) SipMessage.parse(wire, limits);
            } catch (SipParseException e) {
                failures.warn(LOG, "a response to an INVITE of the proxy cannot be read", e);
                return; // cannot happen: it has been parsed before
            }
            int status = response.statusCode();
            if (status < 200) {
                user.provisional(response);
            } else if (status < 300) {
                user.accepted(response, from);
            } else {
                user.failed(status, failure.isEmpty() ? response.reasonPhrase() : failure, response);
            }
        }

        @Override
        public void onEnd(Reason reason, String why) {
            int status = switch (reason) {
                case TIMED_OUT -> StatusCode.REQUEST_TIMEOUT;
                case UNREACHABLE -> StatusCode.TEMPORARILY_UNAVAILABLE;
                case TOO_MANY_PENDING, PROXY_CLOSED -> StatusCode.SERVICE_UNAVAILABLE;
                case INTERNAL_ERROR -> StatusCode.SERVER_INTERNAL_ERROR;
            };
            executor.execute(() -> user.failed(status, why, null));
        }
    }
}
