package org.sipproxy.testkit;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Shared state of the parts of one phone. */
record PhoneCore(
        Identity identity,
        TransactionLayer layer,
        DigestClient digest,
        Patience patience,
        PhoneLog log,
        Map<String, Call> calls,
        Map<String, Subscription> subscriptions) {

    PhoneCore(Identity identity, TransactionLayer layer, DigestClient digest, Patience patience, PhoneLog log) {
        this(identity, layer, digest, patience, log, new ConcurrentHashMap<>(), new ConcurrentHashMap<>());
    }

    /** Returns the failure of a wait. */
    AssertionError missing(String what) {
        return new AssertionError(
                identity.user() + ": " + what + " did not come within " + patience + "; " + log.text());
    }

    /** Returns the failure for an unexpected message. */
    AssertionError unexpected(String what) {
        return new AssertionError(identity.user() + ": " + what + "; " + log.text());
    }

    void add(Call call) {
        calls.put(key(call.id(), call.localTag()), call);
    }

    void remove(Call call) {
        calls.remove(key(call.id(), call.localTag()));
    }

    @Nullable
    Call call(String callId, String localTag) {
        return calls.get(key(callId, localTag));
    }

    void add(Subscription subscription) {
        subscriptions.put(key(subscription.callId(), subscription.localTag()), subscription);
    }

    @Nullable
    Subscription subscription(String callId, String localTag) {
        return subscriptions.get(key(callId, localTag));
    }

    private static String key(String callId, String localTag) {
        return callId + " " + localTag;
    }
}
