package org.sipproxy.testkit;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipResponse;

/** Registration of one phone, with one Call-ID and increasing CSeq, as RFC 3261 §10.2 requires. */
final class Registration {

    private final PhoneCore core;
    private final StunClient stun;
    private final String callId = Unique.word("reg");
    private final String tag = Unique.word("f");
    private final AtomicLong cseq = new AtomicLong();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicReference<Optional<InetSocketAddress>> mapping = new AtomicReference<>(Optional.empty());

    Registration(PhoneCore core, StunClient stun) {
        this.core = core;
        this.stun = stun;
    }

    SipResponse send(Duration expires, MessageParts parts) {
        Identity me = core.identity();
        RequestDraft register = new RequestDraft(
                "REGISTER",
                "sip:" + me.domain(),
                List.of(
                        new HeaderLine(HeaderName.FROM, "<" + me.aor() + ">;tag=" + tag),
                        new HeaderLine(HeaderName.TO, "<" + me.aor() + ">"),
                        new HeaderLine(HeaderName.CALL_ID, callId),
                        new HeaderLine(HeaderName.CONTACT, "<" + me.contact() + ">"),
                        new HeaderLine(HeaderName.EXPIRES, String.valueOf(expires.toSeconds()))),
                parts);
        SipResponse response = new Exchange(core, register, cseq::incrementAndGet, r -> {})
                .start()
                .awaitFinal();
        if (response.isSuccess()) {
            accepted.incrementAndGet();
        }
        return response;
    }

    String callId() {
        return callId;
    }

    /** Returns the number of REGISTERs that got a 2xx. */
    int accepted() {
        return accepted.get();
    }

    /**
     * Returns true if the phone's address as seen by the proxy has changed since the previous call, and on the first
     * call.
     */
    boolean mappingHasChanged() {
        Optional<InetSocketAddress> now = Optional.of(ask());
        return !now.equals(mapping.getAndSet(now));
    }

    InetSocketAddress ask() {
        return stun.ask().orElseThrow(() -> core.missing("a STUN response"));
    }
}
