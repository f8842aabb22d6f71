package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.RequestFailedException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/** Proxy that sends requests of the host application. */
final class HostRequestScene implements AutoCloseable {

    final CallScene.Ahead clock = new CallScene.Ahead();
    final AtomicInteger stages = new AtomicInteger();
    final AtomicInteger completed = new AtomicInteger();
    final ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.clock(clock)
            .pendingRequests(3)
            .beforeAuthentication(context -> {
                stages.incrementAndGet();
                if (context.request().hasHeader(HeaderName.of("X-Nat"))) {
                    context.behindNat();
                }
                return Verdict.proceed();
            })
            .requestListener(request -> completed.incrementAndGet()));

    /** Checks that nothing is left, and closes the proxy. */
    @Override
    public void close() {
        CallScene.until(() -> {
            ProxyStatistics now = proxy.proxy().statistics();
            return now.hostRequests() == 0 && now.serverTransactions() == 0 && now.clientTransactions() == 0;
        });
        CallScene.until(() -> proxy.proxy().statistics().transactionBytes() == 0);
        proxy.close();
    }

    CompletableFuture<SipResponse> send(OutgoingRequest request) {
        return proxy.proxy().requests().send(request);
    }

    static OutgoingRequest.Builder options(String uri) {
        return OutgoingRequest.builder(Method.OPTIONS, SipUri.of(uri));
    }

    static OutgoingRequest message(String uri) {
        return OutgoingRequest.builder(Method.MESSAGE, SipUri.of(uri))
                .from(SipUri.of("sip:door@sip.test"))
                .body("text/plain", "The door is open.")
                .build();
    }

    static SipResponse response(CompletableFuture<SipResponse> future) {
        return future.orTimeout(5, TimeUnit.SECONDS).join();
    }

    static RequestFailedException failure(CompletableFuture<SipResponse> future) {
        Throwable thrown = catchThrowable(() -> response(future));
        assertThat(thrown).isInstanceOf(CompletionException.class).hasCauseInstanceOf(RequestFailedException.class);
        return (RequestFailedException) thrown.getCause();
    }
}
