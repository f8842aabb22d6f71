package org.sipproxy.server.operations;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallState;
import org.sipproxy.api.call.Calls;
import org.sipproxy.message.SipUri;
import org.sipproxy.server.operations.OperationException.Kind;

/** Calls that pass through the proxy. Methods do not block. */
public final class ActiveCalls {

    private static final int SHORTEST_PREFIX = 4;

    /**
     * A call.
     *
     * @param callId the Call-ID
     * @param state the state
     * @param from the caller
     * @param to the callee
     * @param user the user as whom the caller was authenticated
     * @param target where the call went
     * @param callerAddress the address of the caller's phone or proxy
     * @param calleeAddress the address of the callee's
     * @param startedAt when the INVITE was relayed
     * @param answeredAt when it was answered
     * @param duration how long it has been answered
     */
    public record CallInfo(
            String callId,
            CallState state,
            String from,
            String to,
            Optional<String> user,
            Optional<String> target,
            Optional<String> callerAddress,
            Optional<String> calleeAddress,
            Instant startedAt,
            Optional<Instant> answeredAt,
            Duration duration) {

        static CallInfo of(Call call) {
            return new CallInfo(
                    call.callId(),
                    call.state(),
                    call.caller().uri().toString(),
                    call.callee().uri().toString(),
                    call.authenticatedUser(),
                    call.target().map(SipUri::toString),
                    call.caller().address().map(Addresses::text),
                    call.callee().address().map(Addresses::text),
                    call.startedAt(),
                    call.answeredAt(),
                    Duration.ofSeconds(call.duration().toSeconds()));
        }
    }

    private final ServerComponents components;

    ActiveCalls(ServerComponents components) {
        this.components = components;
    }

    /**
     * Returns the calls, the oldest first.
     *
     * @throws OperationException if calls are not tracked
     */
    public List<CallInfo> list() {
        return tracked().list().stream()
                .map(CallInfo::of)
                .sorted(Comparator.comparing(CallInfo::startedAt))
                .toList();
    }

    /**
     * Ends calls, with BYE to both sides or with CANCEL and 487.
     *
     * @param id a Call-ID, or its beginning, at least 4 characters, if no other call has it; {@code all} for all calls
     * @return how many calls were ended
     * @throws OperationException if there is no such call, or calls are not tracked
     */
    public int end(String id) {
        List<Call> chosen = id.equals("all") ? tracked().list() : named(id);
        for (Call call : chosen) {
            var ended = tracked().hangUp(call, "ended by the operator");
            ended.exceptionally(failure -> call); // the phones' responses do not matter
        }
        return chosen.size();
    }

    private List<Call> named(String id) {
        List<Call> exact = tracked().withCallId(id);
        if (!exact.isEmpty()) {
            return exact;
        }
        List<Call> found = id.length() < SHORTEST_PREFIX
                ? List.of()
                : tracked().matching(call -> call.callId().startsWith(id));
        if (found.isEmpty()) {
            throw new OperationException(
                    Kind.NOT_FOUND, "no call has the Call-ID \"" + id + "\"; the command calls lists them");
        }
        if (found.stream().map(Call::callId).distinct().count() > 1) {
            throw new OperationException(
                    Kind.INVALID,
                    found.size() + " calls have a Call-ID that begins with \"" + id + "\"; give more of it");
        }
        return found;
    }

    private Calls tracked() {
        return find().orElseThrow(() -> new OperationException(
                Kind.NOT_CONFIGURED, "this server does not track calls; start it with run --calls"));
    }

    Optional<Calls> find() {
        return components.runtime().calls();
    }
}
