package org.sipproxy.gateway;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.RequestFailedException;
import org.sipproxy.api.client.RequestFailedException.Reason;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * OPTIONS to the members. Each member has a timer of its own, so that the probes of a large set are spread over the
 * interval. A member has one probe at a time.
 */
final class Probes {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.GATEWAYS);

    /** Responses are received once all components have started. */
    private static final long FIRST_MILLIS = 200;

    private static final long SPREAD_MILLIS = 800;

    /** Accepts the results. Called on threads of the proxy. */
    interface Results {
        void succeeded(Member member);

        void failed(Member member, String reason);
    }

    private final ProxyRuntime proxy;
    private final Results results;

    Probes(ProxyRuntime proxy, Results results) {
        this.proxy = proxy;
        this.results = results;
    }

    /** Begins to probe a member, if its set is probed at all and that has not been done. */
    void begin(Member member) {
        if (!member.set.probeInterval().isZero() && member.scheduled.compareAndSet(false, true)) {
            later(member, Duration.ofMillis(FIRST_MILLIS + Math.floorMod(member.hash(), SPREAD_MILLIS)));
        }
    }

    private void later(Member member, Duration delay) {
        proxy.schedule(delay, () -> {
            if (!member.isRemoved()) {
                later(member, member.set.probeInterval());
                if (member.isProbed()) {
                    probe(member);
                }
            }
        });
    }

    @SuppressWarnings("FutureReturnValueIgnored") // completed() throws nothing
    private void probe(Member member) {
        if (!member.probing.compareAndSet(false, true)) {
            return;
        }
        try {
            CompletableFuture<SipResponse> unused = proxy.requests()
                    .send(options(member))
                    .whenComplete((response, failure) -> completed(member, response, failure));
        } catch (RuntimeException e) {
            member.probing.set(false);
            LOG.error("{}: a probe cannot be sent", member, e);
        }
    }

    private static OutgoingRequest options(Member member) {
        Gateway gateway = member.gateway();
        OutgoingRequest.Builder options = OutgoingRequest.builder(Method.OPTIONS, gateway.uri())
                .target(member.ownTarget())
                .timeLimit(member.set.probeTimeLimit());
        gateway.probeFrom().or(() -> member.set.probeFrom()).ifPresent(options::from);
        return options.build();
    }

    private void completed(Member member, @Nullable SipResponse response, @Nullable Throwable failure) {
        member.probing.set(false);
        if (member.isRemoved()) {
            return;
        }
        member.probedAt(proxy.wallClock());
        if (response != null) {
            int status = response.statusCode();
            if (member.set.accepts(status)) {
                results.succeeded(member);
            } else {
                results.failed(member, status + " to OPTIONS");
            }
            return;
        }
        Throwable cause = failure instanceof CompletionException e && e.getCause() != null ? e.getCause() : failure;
        Reason reason = cause instanceof RequestFailedException e ? e.reason() : Reason.INTERNAL_ERROR;
        switch (reason) {
            case UNREACHABLE -> results.failed(member, "cannot be reached");
            case TIMED_OUT -> results.failed(member, "no response to OPTIONS");
            case TOO_MANY_PENDING, PROXY_CLOSED, INTERNAL_ERROR ->
                LOG.debug("{}: the probe says nothing about the gateway: {}", member, reason);
        }
    }
}
