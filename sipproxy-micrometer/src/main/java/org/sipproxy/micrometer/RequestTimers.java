package org.sipproxy.micrometer;

import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.Method;

/**
 * Timers of requests by method, class of the status, transport, and whether it was relayed. A timer is created with the
 * first request of its kind; later ones find it by an index, without allocation. Methods that the proxy does not know
 * share one, so a peer cannot create timers.
 */
final class RequestTimers {

    private static final List<Method> METHODS = List.of(
            Method.INVITE,
            Method.BYE,
            Method.CANCEL,
            Method.REGISTER,
            Method.OPTIONS,
            Method.INFO,
            Method.MESSAGE,
            Method.NOTIFY,
            Method.PRACK,
            Method.PUBLISH,
            Method.REFER,
            Method.SUBSCRIBE,
            Method.UPDATE);
    private static final int CLASSES = 7;

    private final Meters meters;
    private final Map<TransportKind, AtomicReferenceArray<Timer>> timers = new EnumMap<>(TransportKind.class);

    RequestTimers(Meters meters) {
        this.meters = meters;
        for (TransportKind transport : TransportKind.values()) {
            timers.put(transport, new AtomicReferenceArray<>((METHODS.size() + 1) * CLASSES * 2));
        }
    }

    void completed(CompletedRequest request) {
        // the two times are on the wall clock, which may be set back in between
        long nanos = Math.max(
                0,
                TimeUnit.MILLISECONDS.toNanos(request.completedAt().toEpochMilli()
                        - request.receivedAt().toEpochMilli()));
        timer(request).record(nanos, TimeUnit.NANOSECONDS);
    }

    private Timer timer(CompletedRequest request) {
        int method = METHODS.indexOf(request.request().method());
        int status = request.statusCode() / 100;
        TransportKind transport = request.flow().kind();
        AtomicReferenceArray<Timer> ofTransport = Objects.requireNonNull(timers.get(transport));
        int at = ((method + 1) * CLASSES + status) * 2 + (request.isRelayed() ? 1 : 0);
        Timer known = ofTransport.get(at);
        if (known == null) {
            known = meters.timer(
                    "sip.proxy.requests",
                    "Requests, until their final response was sent",
                    "method",
                    method < 0 ? "OTHER" : METHODS.get(method).name(),
                    "status",
                    status + "xx",
                    "transport",
                    transport.lowerCase(),
                    "relayed",
                    Boolean.toString(request.isRelayed()));
            ofTransport.set(at, known);
        }
        return known;
    }
}
