package org.sipproxy.testkit;

import java.time.Duration;
import java.util.function.Consumer;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/**
 * One side of a subscription (RFC 6665): the subscriber's from {@link Phone#subscribe}, the notifier's from {@link
 * Phone#awaitSubscription}. The phone responds to the requests of the other side. Thread-safe.
 */
public final class Subscription {

    /** Lifetime that {@link Phone#subscribe} requests. */
    public static final Duration DEFAULT_EXPIRES = Duration.ofHours(1);

    private final PhoneCore core;
    private final Dialog dialog;
    private final String event;
    private final Inbox<SipRequest> requests = new Inbox<>();

    private Subscription(PhoneCore core, Dialog dialog, String event) {
        this.core = core;
        this.dialog = dialog;
        this.event = event;
        core.add(this);
    }

    /** Subscribes, and waits for the final response. */
    static Subscription to(PhoneCore core, String uri, String event, MessageParts parts) {
        Subscription subscription = new Subscription(core, Dialog.toBe(core.identity(), uri), event);
        SipResponse response = subscription.subscribe(DEFAULT_EXPIRES, parts);
        try {
            subscription.dialog.confirm(response);
        } catch (SipParseException e) {
            throw core.unexpected("SUBSCRIBE: " + e.getMessage());
        }
        return subscription;
    }

    /** Accepts a subscription, of which the first request is not responded to yet. */
    static Subscription of(PhoneCore core, ServerTransaction subscribe) throws SipParseException {
        SipRequest request = subscribe.request();
        return new Subscription(
                core,
                Dialog.of(request, subscribe.toTag()),
                request.header(HeaderName.EVENT).orElse(""));
    }

    String callId() {
        return dialog.callId();
    }

    String localTag() {
        return dialog.localTag();
    }

    /** Returns the value of Event, such as {@code presence} or {@code message-summary}. */
    public String event() {
        return event;
    }

    // ---- subscriber

    /** Waits for the next NOTIFY, and removes it from the inbox. The phone has already responded to it. */
    public SipRequest awaitNotify() {
        return await(Method.NOTIFY);
    }

    /**
     * Extends the subscription for a lifetime in whole seconds.
     *
     * @throws AssertionError if the SUBSCRIBE is refused
     */
    public SipResponse refresh(Duration expires) {
        return subscribe(expires, new MessageParts());
    }

    /**
     * Ends the subscription with {@code Expires: 0}. The notifier then sends a last NOTIFY.
     *
     * @throws AssertionError if the SUBSCRIBE is refused
     */
    public SipResponse end() {
        return refresh(Duration.ZERO);
    }

    private SipResponse subscribe(Duration expires, MessageParts parts) {
        parts.header("Event", event).header("Expires", String.valueOf(expires.toSeconds()));
        return send("SUBSCRIBE", parts);
    }

    // ---- notifier

    /** Waits for the next SUBSCRIBE within the subscription, and removes it from the inbox. */
    public SipRequest awaitRefresh() {
        return await(Method.SUBSCRIBE);
    }

    /**
     * Sends a NOTIFY.
     *
     * @param state value of Subscription-State, such as {@code active;expires=3600} or {@code terminated;reason=timeout}
     * @param filler adds the body and headers
     * @throws AssertionError if the NOTIFY is refused
     */
    public SipResponse sendNotify(String state, Consumer<MessageParts> filler) {
        MessageParts parts = MessageParts.of(filler);
        parts.header("Event", event).header("Subscription-State", state);
        return send("NOTIFY", parts);
    }

    // ---- both

    private SipResponse send(String method, MessageParts parts) {
        HeaderLine contact =
                new HeaderLine(HeaderName.CONTACT, "<" + core.identity().contact() + ">");
        SipResponse response = new Exchange(core, dialog.request(method, parts, contact), dialog::nextCSeq, r -> {})
                .start()
                .awaitFinal();
        if (!response.isSuccess()) {
            throw core.unexpected(method + " got " + Responses.describe(response));
        }
        return response;
    }

    private SipRequest await(Method method) {
        return requests.take(request -> request.method().equals(method), core.patience())
                .orElseThrow(() -> core.missing(method + " of the subscription to " + event));
    }

    /** Handles a request within the subscription. */
    void received(ServerTransaction transaction, int status) throws SipParseException {
        SipRequest request = transaction.request();
        if (status < 300) {
            dialog.refreshTarget(request);
        }
        transaction.respond(status, granted(request, status));
        requests.add(request);
    }

    /** Returns the Expires of the response to a SUBSCRIBE: as long as it asks for (RFC 6665 §4.2.1.1). */
    static MessageParts granted(SipRequest request, int status) {
        MessageParts parts = new MessageParts();
        if (request.method().equals(Method.SUBSCRIBE) && status >= StatusCode.OK && status < 300) {
            parts.header(
                    "Expires", request.header(HeaderName.EXPIRES).orElse(String.valueOf(DEFAULT_EXPIRES.toSeconds())));
        }
        return parts;
    }
}
