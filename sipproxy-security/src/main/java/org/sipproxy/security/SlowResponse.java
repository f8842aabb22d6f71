package org.sipproxy.security;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;

/**
 * Sender of delayed 503 responses, which slow down clients that wait for them. The response is written here, because
 * the proxy does not keep the request meanwhile. At most {@value #MAX} responses wait at a time, {@value #MAX_BYTES}
 * bytes each; further or longer ones are not sent.
 */
final class SlowResponse {

    static final int MAX = 1_000;
    static final int MAX_BYTES = 4_096;
    private static final HeaderName[] COPIED = {
        HeaderName.VIA, HeaderName.FROM, HeaderName.TO, HeaderName.CALL_ID, HeaderName.CSEQ
    };

    private final AtomicInteger waiting = new AtomicInteger();
    private final Duration delay;

    SlowResponse(Duration delay) {
        this.delay = delay;
    }

    void send(ProxyRuntime proxy, SipRequest request, Flow flow) {
        byte[] response = write(request);
        if (response.length > MAX_BYTES) {
            return;
        }
        if (waiting.incrementAndGet() > MAX) {
            waiting.decrementAndGet();
            return;
        }
        proxy.schedule(delay, () -> {
            waiting.decrementAndGet();
            proxy.send(flow, response);
        });
    }

    private static byte[] write(SipRequest request) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        out.writeBytes("SIP/2.0 503 Service Unavailable\r\n".getBytes(StandardCharsets.US_ASCII));
        for (HeaderName name : COPIED) {
            for (int i = request.firstHeader(name); i >= 0; i = request.nextHeader(name, i)) {
                out.writeBytes(request.index()
                        .copy(request.index().lineStart(i), request.index().lineEnd(i)));
            }
        }
        out.writeBytes("Retry-After: 60\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return out.toByteArray();
    }
}
