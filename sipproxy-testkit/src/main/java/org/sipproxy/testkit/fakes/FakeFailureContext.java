package org.sipproxy.testkit.fakes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.BranchResult;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.FailureContext;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/**
 * Context of a failed relay, for the unit test of a failure stage. The latest result is the best one. The request
 * arrived on a UDP flow of {@code 192.0.2.100:5060}.
 */
public final class FakeFailureContext implements FailureContext {

    private final SipRequest request;
    private final List<BranchResult> results = new ArrayList<>();
    private String explanation = "";
    private final Map<Aor, List<Binding>> bindings = new HashMap<>();
    private Flow flow = FakeFlow.udp("192.0.2.100", 5060);
    private @Nullable String user;

    /** Creates the context of a request whose target failed. */
    public FakeFailureContext(SipRequest request, BranchResult result) {
        this.request = Objects.requireNonNull(request, "request");
        results.add(Objects.requireNonNull(result, "result"));
    }

    /** Adds the result of a further branch, which is the best one. */
    public FakeFailureContext then(BranchResult result) {
        results.add(Objects.requireNonNull(result, "result"));
        return this;
    }

    /** Sets the flow that the request arrived on. */
    public FakeFailureContext on(Flow arrival) {
        flow = arrival;
        return this;
    }

    /** Sets the authenticated sender, as {@code user@realm}. Default none. */
    public FakeFailureContext authenticated(String sender) {
        user = sender;
        return this;
    }

    /** Sets the bindings of a user. Default none. */
    public FakeFailureContext bindings(Aor aor, Binding... registered) {
        bindings.put(aor, List.of(registered));
        return this;
    }

    /** Returns the latest argument of {@link #explain}; empty if there is none. */
    public String explanation() {
        return explanation;
    }

    private BranchResult latest() {
        return results.get(results.size() - 1);
    }

    @Override
    public SipRequest request() {
        return request;
    }

    @Override
    public Flow flow() {
        return flow;
    }

    @Override
    public Optional<String> authenticatedUser() {
        return Optional.ofNullable(user);
    }

    /** Returns true for the host {@code example.org} and for 192.0.2.1. */
    @Override
    public boolean isMyself(SipUri uri) {
        return uri.hostIs("example.org") || uri.hostIs("192.0.2.1");
    }

    /** Returns the user at {@code example.org}, in lower case, for a URI of this proxy. */
    @Override
    public Optional<Aor> aorOf(SipUri uri) {
        return isMyself(uri) && Aor.isUser(uri.user())
                ? Optional.of(new Aor(UserCase.INSENSITIVE.canonical(uri.user()), "example.org"))
                : Optional.empty();
    }

    @Override
    public FailureCause cause() {
        return latest().cause();
    }

    @Override
    public int statusCode() {
        return latest().statusCode();
    }

    @Override
    public Optional<SipResponse> response() {
        return latest().response();
    }

    @Override
    public List<BranchResult> results() {
        return List.copyOf(results);
    }

    @Override
    public List<Binding> bindings(Aor aor) {
        return bindings.getOrDefault(aor, List.of());
    }

    @Override
    public void explain(String what) {
        explanation = Objects.requireNonNull(what, "what");
    }
}
