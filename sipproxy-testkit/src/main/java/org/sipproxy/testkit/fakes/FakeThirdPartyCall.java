package org.sipproxy.testkit.fakes;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.ThirdPartyCall;

/**
 * Call for the unit test of a host application; sends nothing. A test lets the users answer and hang up. Futures
 * complete on the thread of the test. Not thread-safe.
 */
public final class FakeThirdPartyCall implements ThirdPartyCall {

    private final CallSetup setup;
    private final CompletableFuture<Boolean> connected = new CompletableFuture<>();
    private final CompletableFuture<CallEnd> ended = new CompletableFuture<>();
    private State state = State.CALLING_FIRST;

    /** Creates a call whose first user is being called. */
    public FakeThirdPartyCall(CallSetup setup) {
        this.setup = Objects.requireNonNull(setup, "setup");
    }

    /** Lets the user who is being called answer. Without effect on a connected or ended call. */
    public FakeThirdPartyCall answer() {
        if (state == State.CALLING_FIRST) {
            state = State.CALLING_SECOND;
        } else if (state == State.CALLING_SECOND) {
            state = State.CONNECTED;
            connected.complete(true);
        }
        return this;
    }

    /** Ends the call. Without effect on a call that has ended. */
    public FakeThirdPartyCall end(CallEnd end) {
        if (state != State.ENDED) {
            state = State.ENDED;
            connected.complete(false);
            ended.complete(Objects.requireNonNull(end, "end"));
        }
        return this;
    }

    @Override
    public CallSetup setup() {
        return setup;
    }

    @Override
    public State state() {
        return state;
    }

    @Override
    public CompletableFuture<Boolean> connected() {
        return connected.copy();
    }

    @Override
    public CompletableFuture<CallEnd> ended() {
        return ended.copy();
    }

    /** Ends the call as the proxy does; both users are released at once. */
    @Override
    public CompletableFuture<CallEnd> hangUp(String reason) {
        end(new CallEnd(CallEnd.Side.PROXY, CallEnd.Reason.HUNG_UP, 0, Objects.requireNonNull(reason, "reason")));
        return ended();
    }
}
