package org.sipproxy.testkit;

import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/** User agent server of a phone: handles the requests that it receives (RFC 3261 §8.2). */
final class UserAgentServer implements TransactionLayer.User {

    private final PhoneCore core;
    private final StunClient stun;
    private final boolean strict;
    private final boolean answering;
    private final Inbox<IncomingCall> calls = new Inbox<>();
    private final List<IncomingCall> everyCall = new CopyOnWriteArrayList<>();
    private final Inbox<SipRequest> requests = new Inbox<>();
    private final Inbox<Subscription> subscriptions = new Inbox<>();
    private final Inbox<SipResponse> strays = new Inbox<>();
    private final Map<Method, Integer> statuses = new ConcurrentHashMap<>();
    private final Queue<String> complaints = new ConcurrentLinkedQueue<>();
    private final AtomicInteger pings = new AtomicInteger();

    /**
     * Creates the server half of a phone.
     *
     * @param strict true to refuse requests that are not for the phone's Contact
     * @param answering true to answer each call automatically
     */
    UserAgentServer(PhoneCore core, StunClient stun, boolean strict, boolean answering) {
        this.core = core;
        this.stun = stun;
        this.strict = strict;
        this.answering = answering;
    }

    Inbox<IncomingCall> calls() {
        return calls;
    }

    /** Returns the requests outside calls, which already have their response. */
    Inbox<SipRequest> requests() {
        return requests;
    }

    /** Returns the calls that were neither answered nor cancelled. */
    List<IncomingCall> pendingCalls() {
        return everyCall.stream().filter(IncomingCall::isPending).toList();
    }

    List<String> complaints() {
        return List.copyOf(complaints);
    }

    int pings() {
        return pings.get();
    }

    void respondWith(Method method, int status) {
        statuses.put(method, status);
    }

    @Override
    public void complain(String complaint) {
        complaints.add(complaint);
        core.log().note("   (complaint: " + complaint + ")");
    }

    /** Returns the subscriptions of other phones to this one. */
    Inbox<Subscription> subscriptions() {
        return subscriptions;
    }

    /** Returns the responses that belong to no transaction. */
    Inbox<SipResponse> strays() {
        return strays;
    }

    @Override
    public void onStray(SipResponse response) {
        strays.add(response);
    }

    @Override
    public void onOther(byte[] bytes) {
        if (!stun.answered(bytes)) {
            pings.incrementAndGet();
        }
    }

    @Override
    public void onRequest(ServerTransaction transaction) throws SipParseException {
        SipRequest request = transaction.request();
        Method method = request.method();
        boolean inDialog = request.hasToTag();
        if (method.equals(Method.OPTIONS) && !inDialog) {
            pings.incrementAndGet(); // a keepalive may name any Request-URI
            respond(transaction);
        } else if (strict
                && !request.requestUri().toString().equals(core.identity().contact())) {
            complain(method + " " + request.requestUri() + " is not for "
                    + core.identity().contact());
            transaction.respond(StatusCode.NOT_FOUND);
        } else if (inDialog) {
            onRequestInDialog(transaction, request.callId(), request.toTag());
        } else if (method.equals(Method.INVITE)) {
            onCall(new IncomingCall(core, transaction));
        } else if (method.equals(Method.SUBSCRIBE)) {
            onSubscribe(transaction);
        } else {
            respond(transaction);
        }
    }

    private void respond(ServerTransaction transaction) {
        transaction.respond(statusFor(transaction.request().method()));
        requests.add(transaction.request());
    }

    private int statusFor(Method method) {
        return statuses.getOrDefault(method, method.equals(Method.REFER) ? StatusCode.ACCEPTED : StatusCode.OK);
    }

    private void onRequestInDialog(ServerTransaction transaction, String callId, String localTag)
            throws SipParseException {
        Call call = core.call(callId, localTag);
        Subscription subscription = core.subscription(callId, localTag);
        int status = statusFor(transaction.request().method());
        if (call != null) {
            call.received(transaction, status);
        } else if (subscription != null) {
            subscription.received(transaction, status);
        } else {
            transaction.respond(StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST);
        }
    }

    private void onSubscribe(ServerTransaction transaction) throws SipParseException {
        int status = statusFor(Method.SUBSCRIBE);
        Subscription accepted = status < 300 ? Subscription.of(core, transaction) : null;
        transaction.respond(status, Subscription.granted(transaction.request(), status));
        if (accepted != null) {
            subscriptions.add(accepted); // from here on the test may send a NOTIFY
        }
        requests.add(transaction.request());
    }

    private void onCall(IncomingCall call) {
        everyCall.add(call);
        if (answering) {
            call.ring().answer();
        }
        calls.add(call);
    }

    @Override
    public void onAck(SipRequest ack) throws SipParseException {
        if (strict && !ack.requestUri().toString().equals(core.identity().contact())) {
            complain(
                    "ACK " + ack.requestUri() + " is not for " + core.identity().contact());
            return;
        }
        Call call = core.call(ack.callId(), ack.toTag());
        if (call != null) {
            call.acknowledged(ack);
        }
    }

    @Override
    public void onCancel(ServerTransaction cancel, @Nullable ServerTransaction invite) {
        if (invite == null) {
            cancel.respond(StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST);
            return;
        }
        cancel.respond(StatusCode.OK);
        everyCall.stream().filter(call -> call.isOf(invite)).forEach(IncomingCall::cancel);
    }
}
